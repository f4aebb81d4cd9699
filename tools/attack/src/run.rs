//! Starts a server, its well-behaved clients and the hostile ones, and says what came of it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::sleep;

use crate::hostile::{KINDS, Kind};
use crate::outcome::Outcome;
use crate::row::{Neighbours, Row};
use crate::setup::{self, Run, ServerKind};
use crate::small;
use crate::table;

/// Attacks with each of these kinds, or with all. It fails if a server takes more memory than its configuration promises, or
/// a well-behaved client loses a message or its session.
pub(crate) async fn all(run: Run, server: ServerKind, names: &[&str]) -> Outcome<()> {
    if let Some(unknown) = names.iter().find(|name| KINDS.iter().all(|kind| kind.name != **name)) {
        let known: Vec<_> = KINDS.iter().map(|kind| kind.name).collect();
        return Err(format!("there is no kind {unknown}; there are {}", known.join(", ")).into());
    }
    if server == ServerKind::Rust {
        println!("{}", table::promises());
    }
    println!("{}", table::head());
    let mut broken = Vec::new();
    for kind in KINDS.iter().filter(|kind| names.is_empty() || names.contains(&kind.name)) {
        for addresses in [setup::ADDRESSES, 1] {
            if addresses > 1 && !(run.from_many || kind.fills_what_all_share()) {
                continue;
            }
            let row = attack(run, server, kind, addresses).await?;
            println!("{}", table::row(&row));
            broken.extend(row.broken_promises());
        }
    }
    println!("{}", table::legend(run));
    if broken.is_empty() { Ok(()) } else { Err(broken.join("\n").into()) }
}

async fn attack(run: Run, server: ServerKind, kind: &'static Kind, addresses: usize) -> Outcome<Row> {
    let mut attacked = Server::start(server).await?;
    let empty = attacked.memory("VmRSS")?;
    let mut neighbours = Program::start(Role::WellBehaved, &this(&["neighbours", &attacked.address])?)?;
    if neighbours.line().await? != "ready" {
        return Err("the well-behaved clients are not ready".into());
    }
    // What the beginning took is not counted.
    neighbours.seen().await?;
    sleep(run.alone).await;
    let (before, ended_before) = neighbours.seen().await?;
    let alone = attacked.memory("VmHWM")?;
    let mut ended = ended_before;
    let mut elsewhere = None;
    if run.has_control {
        let mut other = Server::start(server).await?;
        let (seen, ended_meanwhile, _) = withstand(run, kind, addresses, &other.address, &mut neighbours).await?;
        other.program.child.kill().await?;
        elsewhere = Some(seen);
        ended += ended_meanwhile;
    }
    let (beside, ended_beside, tally) = withstand(run, kind, addresses, &attacked.address, &mut neighbours).await?;
    neighbours.stop();
    let (_, ended_after) = neighbours.seen_next().await?;
    ended += ended_beside + ended_after;
    let lost = neighbours.line().await?.strip_prefix("lost ").ok_or("how many were lost?")?.parse()?;
    let peak = attacked.memory("VmHWM")?;
    let promised = if addresses == 1 { attacked.promised_to_address } else { attacked.promised };
    let of_runtime = attacked.of_runtime;
    attacked.program.child.kill().await?;
    Ok(Row { kind, addresses, tally, empty, alone, peak, promised, of_runtime, before, elsewhere, beside, ended, lost })
}

/// Has this server attacked. Returns what the well-behaved have seen meanwhile, how many of their sessions ended, and what became
/// of the hostile connections.
async fn withstand(
    run: Run,
    kind: &Kind,
    addresses: usize,
    server: &str,
    neighbours: &mut Program,
) -> Outcome<(Neighbours, u64, BTreeMap<String, u64>)> {
    // What came between is not counted.
    let (_, ended_before) = neighbours.seen().await?;
    let numbers = [run.hostile, addresses, run.attack.as_millis() as usize].map(|number| number.to_string());
    let [connections, from, milliseconds] = &numbers;
    let arguments = this(&["hostile", kind.name, server, connections, from, milliseconds])?;
    let mut hostile = Program::start(Role::Hostile, &arguments)?;
    sleep(run.attack).await;
    let (seen, ended) = neighbours.seen().await?;
    let mut tally = BTreeMap::new();
    while let Some(line) = hostile.lines.next_line().await? {
        let (count, what) = line.split_once(' ').ok_or("a hostile client said nothing")?;
        tally.insert(what.to_owned(), count.parse()?);
    }
    Ok((seen, ended_before + ended, tally))
}

/// This program with these arguments.
fn this(arguments: &[&str]) -> Outcome<Vec<OsString>> {
    let program = std::env::current_exe()?.into_os_string();
    Ok([program].into_iter().chain(arguments.iter().map(OsString::from)).collect())
}

/// A server, and what it says of itself.
struct Server {
    program: Program,
    address: String,
    /// The most memory that it lets its clients take, in bytes.
    promised: u64,
    /// The most memory that it lets the clients of one address take, in bytes.
    promised_to_address: u64,
    /// What its runtime takes beside that as it works, for what it compiles and has not collected.
    of_runtime: u64,
}

impl Server {
    async fn start(kind: ServerKind) -> Outcome<Self> {
        let command_line = match kind {
            ServerKind::Rust => this(&["serve"])?,
            ServerKind::Node => {
                let script = concat!(env!("CARGO_MANIFEST_DIR"), "/server.mjs");
                ["node".into(), script.into(), small::for_javascript().to_string().into()].into()
            }
        };
        let mut program = Program::start(Role::Server, &command_line)?;
        let line = program.line().await?;
        let words: Vec<_> = line.split(' ').collect();
        let [address, promised, promised_to_address, of_runtime] = words[..] else { return Err(line.into()) };
        let (promised, promised_to_address) = (promised.parse()?, promised_to_address.parse()?);
        let of_runtime = of_runtime.parse()?;
        Ok(Self { address: address.to_owned(), promised, promised_to_address, of_runtime, program })
    }

    /// The resident memory of the process in bytes: `VmRSS`, or `VmHWM`, which is the most that it ever was.
    fn memory(&self, name: &str) -> Outcome<u64> {
        let pid = self.program.child.id().ok_or("the server is gone")?;
        Ok(status(&pid.to_string(), name)?.trim_end_matches(" kB").parse::<u64>()? * 1024)
    }
}

#[derive(PartialEq)]
enum Role {
    Server,
    WellBehaved,
    Hostile,
}

/// A process.
struct Program {
    child: Child,
    input: Option<ChildStdin>,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Program {
    /// The clients are on other machines in truth: the server has half of the processors for itself. Of the other half, the hostile
    /// ones get what the well-behaved leave.
    fn start(role: Role, command_line: &[OsString]) -> Outcome<Self> {
        // Each connection is an open file in two processes, and more than a shell allows to begin with.
        let raise = "ulimit -n \"$(ulimit -Hn)\" && exec \"$@\"";
        let processors = processors()?;
        let (of_server, of_clients) = processors.split_at(processors.len() / 2);
        let own = if role == Role::Server && !of_server.is_empty() { of_server } else { of_clients };
        let mut command = Command::new("sh");
        command.args(["-c", raise, "sh", "taskset", "--cpu-list", &own.join(",")]);
        if role == Role::Hostile {
            command.args(["chrt", "--idle", "0"]);
        }
        command.args(command_line).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn()?;
        let output = child.stdout.take().ok_or("it has no output")?;
        Ok(Self { input: child.stdin.take(), lines: BufReader::new(output).lines(), child })
    }

    async fn line(&mut self) -> Outcome<String> {
        self.lines.next_line().await?.ok_or_else(|| "a program ended before it said what it should".into())
    }

    /// What the well-behaved have seen since they were asked the last time, and how many of their sessions ended.
    async fn seen(&mut self) -> Outcome<(Neighbours, u64)> {
        self.input.as_mut().ok_or("it is stopped")?.write_all(b"\n").await?;
        self.seen_next().await
    }

    async fn seen_next(&mut self) -> Outcome<(Neighbours, u64)> {
        let line = self.line().await?;
        let words: Vec<_> = line.split(' ').collect();
        let ["p50", p50, "p99", p99, "ended", ended] = words[..] else { return Err(line.into()) };
        Ok((Neighbours { p50: p50.parse()?, p99: p99.parse()? }, ended.parse()?))
    }

    fn stop(&mut self) {
        self.input = None;
    }
}

/// The processors that this process may use.
fn processors() -> Outcome<Vec<String>> {
    let mut processors = Vec::new();
    for range in status("self", "Cpus_allowed_list")?.split(',') {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        processors.extend((first.parse::<u32>()?..=last.parse()?).map(|number| number.to_string()));
    }
    Ok(processors)
}

/// What Linux says of a process.
fn status(process: &str, name: &str) -> Outcome<String> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))
        .map_err(|error| format!("only Linux tells what a process holds: {error}"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).ok_or("it does not say")?;
    Ok(line.trim().to_owned())
}
