//! What is printed.

use undrop_server::{Config, ServeOptions};

use crate::hostile::KINDS;
use crate::row::{Neighbours, Row};
use crate::setup::Run;
use crate::small;

/// The table of docs/servers.md: the most memory that two configurations let clients take.
pub(crate) fn promises() -> String {
    let columns = [
        (Config::default().worst_case(), ServeOptions::default()),
        (small::config().worst_case(), small::serve_options()),
    ];
    let mut table = String::from("| MiB | default | small |\n|---|---|---|\n");
    let rows = [
        ("connections, with their buffers", columns.each_ref().map(|(sessions, _)| sessions.connections)),
        ("sessions, without their messages", columns.each_ref().map(|(sessions, _)| sessions.sessions)),
        ("sent and not acknowledged", columns.each_ref().map(|(sessions, _)| sessions.outboxes)),
        ("received and not committed", columns.each_ref().map(|(sessions, _)| sessions.inboxes)),
        ("what is remembered of addresses", columns.each_ref().map(|(sessions, _)| sessions.addresses)),
        (
            "connections that are no WebSockets yet (`serve`)",
            columns.each_ref().map(|(_, requests)| requests.worst_case()),
        ),
        ("**all**", columns.each_ref().map(|(sessions, requests)| sessions.total() + requests.worst_case())),
        (
            "of one address",
            columns.each_ref().map(|(sessions, requests)| sessions.per_address + requests.worst_case_per_address()),
        ),
    ];
    for (name, [default, small]) in rows {
        table += &format!("| {name} | {} | {} |\n", whole(default), whole(small));
    }
    table
}

fn whole(bytes: u64) -> String {
    let digits = bytes.div_ceil(1 << 20).to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join(",")
}

pub(crate) fn head() -> String {
    "| kind | from | accepted | refused | closed | MiB taken | promised | p50 ms | p99 ms: alone, elsewhere, beside \
     | beside / elsewhere | beside / alone | lost |\n\
     |---|---|---|---|---|---|---|---|---|---|---|---|"
        .into()
}

pub(crate) fn row(row: &Row) -> String {
    let of = |prefix: &str| {
        let found = row.tally.iter().filter_map(|(what, count)| Some((what.strip_prefix(prefix)?, count)));
        let shown: Vec<_> = found.map(|(what, count)| format!("{}: {count}", what.trim())).collect();
        if shown.is_empty() { "-".to_owned() } else { shown.join(", ") }
    };
    let cut = row.tally.get("cut").map_or_else(String::new, |count| format!(", none: {count}"));
    let closed = format!("{}{cut}", of("closed "));
    let mebibytes = |bytes: u64| format!("{:.1}", bytes as f64 / f64::from(1 << 20));
    let milliseconds = |microseconds: u64| format!("{:.2}", microseconds as f64 / 1_000.0);
    let elsewhere = row.elsewhere.as_ref();
    let ratio_to = |other: &Neighbours| format!("{:.1}", row.beside.p99 as f64 / other.p99.max(1) as f64);
    let columns = [
        row.kind.name.to_owned(),
        row.addresses.to_string(),
        row.tally.get("accepted").copied().unwrap_or(0).to_string(),
        of("refused "),
        closed.trim_start_matches("-, ").to_owned(),
        mebibytes(row.taken()),
        if row.of_runtime == 0 {
            mebibytes(row.promised)
        } else {
            format!("{} + {}", mebibytes(row.promised), mebibytes(row.of_runtime))
        },
        milliseconds(row.beside.p50),
        [Some(&row.before), elsewhere, Some(&row.beside)]
            .map(|seen| seen.map_or_else(|| "-".to_owned(), |seen| milliseconds(seen.p99)))
            .join(", "),
        elsewhere.map_or_else(|| "-".to_owned(), ratio_to),
        ratio_to(&row.before),
        (row.lost + row.ended).to_string(),
    ];
    format!("| {} |", columns.join(" | "))
}

/// What each kind does, and what the columns say.
pub(crate) fn legend(run: Run) -> String {
    let kinds: String = KINDS.iter().map(|kind| format!("{:21} {}\n", kind.name, kind.does)).collect();
    format!(
        "\n{kinds}\n{} hostile connections at once, each made again whenever it ends; `none` are ends without a close frame. From \
         one address, the memory is what was taken beside that of the well-behaved; what is added to the promise is the \
         server's runtime's own. Lost are messages and sessions of the 50 well-behaved, each from an address of its own. The \
         server has half of the processors for itself, and the clients share the others, where the hostile ones get what the \
         well-behaved leave.\n\
         Alone, there are no hostile clients; elsewhere, the same attack goes to another server on the processors of theirs; \
         beside, to theirs. What is the server's is beside / elsewhere; beside / alone is what the machine has of it, too.",
        run.hostile
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_table_of_the_docs_is_what_the_configurations_promise() {
        let page = include_str!("../../../docs/servers.md");
        assert!(page.contains(&super::promises()), "docs/servers.md is not fresh: {}", super::promises());
    }
}
