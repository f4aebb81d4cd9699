#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::time::Duration;

use super::labels::Label;
use super::*;

fn metrics() -> Metrics {
    Metrics::new("chat".into())
}

/// Each metric with its kind, in the order of the text.
fn kinds(text: &str) -> Vec<(&str, &str)> {
    text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' ')).collect()
}

/// All values of labels but those of `sessions`, `version` and `le`, which are not the server's, or are no names.
fn values(text: &str) -> BTreeSet<String> {
    let mut values = BTreeSet::new();
    for labels in text.lines().filter_map(|line| Some(line.split_once('{')?.1.rsplit_once('}')?.0)) {
        let pairs = labels.split(',').map(|pair| pair.split_once('=').unwrap());
        values.extend(
            pairs
                .filter(|(name, _)| !["sessions", "version", "le"].contains(name))
                .map(|(_, value)| value.trim_matches('"').to_owned()),
        );
    }
    values
}

#[test]
fn each_metric_and_each_value_of_a_label_is_in_the_guide() {
    let guide = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/servers.md")).unwrap();
    let text = metrics().render();
    for (name, _) in kinds(&text) {
        let name = name.strip_prefix("undrop_").unwrap();
        let (plain, labelled) = (format!("`{name}`"), format!("`{name}{{"));
        assert!(guide.contains(&plain) || guide.contains(&labelled), "docs/servers.md does not say what {name} is");
    }
    for value in values(&text) {
        assert!(guide.contains(&format!("`{value}`")), "docs/servers.md does not say what {value} is");
    }
}

#[test]
fn the_guide_has_no_metric_that_there_is_not() {
    let guide = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/servers.md")).unwrap();
    let text = metrics().render();
    let known: BTreeSet<_> = kinds(&text).into_iter().map(|(name, _)| name).collect();
    let table = guide.split("| `undrop_…` | counts |").nth(1).unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let names = rows.flat_map(|row| row.split('|').nth(1).unwrap().split(", ")).map(str::trim);
    for name in names {
        let name = name.trim_matches('`').split('{').next().unwrap();
        assert!(known.contains(&*format!("undrop_{name}")), "there is no {name}");
    }
}

#[test]
fn each_time_series_counts_by_itself() {
    fn counts<L: Label>(metrics: &Metrics, family: &By<L, Counter>) {
        for value in L::ALL {
            let before = metrics.render();
            family.of(*value).count();
            let after = metrics.render();
            // What the process counts may change in another test.
            let changed = before.lines().zip(after.lines()).filter(|(before, after)| before != after);
            let changed = changed.filter(|(before, _)| before.contains("sessions=")).count();
            assert_eq!(changed, 1);
            for (label, value) in value.pairs() {
                let is_changed = |line: &&str| line.contains(&format!("{label}=\"{value}\"")) && line.ends_with(" 1");
                assert!(after.lines().any(|line| is_changed(&line)), "{label}={value}");
            }
        }
    }
    let metrics = metrics();
    counts(&metrics, &metrics.refused);
    counts(&metrics, &metrics.ended);
    counts(&metrics, &metrics.resumes);
    counts(&metrics, &metrics.losses);
    counts(&metrics, &metrics.closes);
    counts(&metrics, &metrics.store_failures);
}

#[test]
fn a_close_code_that_nobody_knows_is_one_of_all_such() {
    let metrics = metrics();
    for code in [0, 999, 1004, 2999, 5000, u16::MAX] {
        metrics.closes.of(Close::new(Closer::Client, code)).count();
    }
    for code in [3000, 3999, 4499, 4999] {
        metrics.closes.of(Close::new(Closer::Server, code)).count();
    }
    metrics.closes.of(Close::new(Closer::Server, 1012)).count();
    let text = metrics.render();
    for (by, code, count) in [("client", "other", 6), ("server", "app", 4), ("server", "1012", 1), ("client", "app", 0)]
    {
        let line =
            format!("undrop_connections_closed_total{{sessions=\"chat\",by=\"{by}\",code=\"{code}\"}} {count}\n");
        assert!(text.contains(&line), "{line}");
    }
}

#[test]
fn a_histogram_counts_up_to_each_bound() {
    let metrics = metrics();
    for millis in [1, 2, 700, 60_000] {
        metrics.handling.observe(Duration::from_millis(millis));
    }
    let text = metrics.render();
    for line in [
        "_bucket{sessions=\"chat\",le=\"0.0005\"} 0",
        "_bucket{sessions=\"chat\",le=\"0.001\"} 1",
        "_bucket{sessions=\"chat\",le=\"0.0025\"} 2",
        "_bucket{sessions=\"chat\",le=\"1.0\"} 3",
        "_bucket{sessions=\"chat\",le=\"10.0\"} 3",
        "_bucket{sessions=\"chat\",le=\"+Inf\"} 4",
        "_sum{sessions=\"chat\"} 60.703",
        "_count{sessions=\"chat\"} 4",
    ] {
        assert!(text.contains(&format!("undrop_handler_seconds{line}\n")), "{line}");
    }
}

#[test]
fn several_are_one_text_in_which_each_metric_is_described_once_and_no_series_comes_twice() {
    let all = [metrics(), Metrics::new("games".into()), metrics()];
    all[1].violations.count();
    all[2].violations.count();
    let text = Metrics::render_all(&all);
    let names: Vec<_> = kinds(&text).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), names.iter().collect::<BTreeSet<_>>().len());
    let series: Vec<_> = text.lines().filter_map(|line| line.rsplit_once(' ')).map(|(series, _)| series).collect();
    assert_eq!(series.len(), series.iter().collect::<BTreeSet<_>>().len());
    for (name, count) in [("chat", 0), ("games", 1), ("chat-2", 1)] {
        assert!(text.contains(&format!("undrop_violations_total{{sessions=\"{name}\"}} {count}\n")), "{name}");
    }
    assert!(text.contains(&format!("undrop_build_info{{version=\"{}\"}} 1\n", env!("CARGO_PKG_VERSION"))));
    // What is rendered of one metric is kept together.
    for (at, line) in text.lines().enumerate().filter(|(_, line)| line.starts_with("# TYPE")) {
        let name = line.split(' ').nth(2).unwrap();
        let own = text.lines().skip(at + 1).take_while(|line| !line.starts_with('#')).count();
        let all = text.lines().filter(|line| {
            let series = line.split(['{', ' ']).next().unwrap();
            ["", "_bucket", "_sum", "_count"].iter().any(|suffix| series == format!("{name}{suffix}"))
        });
        assert_eq!(own, all.count(), "{name}");
    }
}

#[test]
fn a_name_may_be_any_text() {
    let text = Metrics::new("a \"b\"\\c\nd".into()).render();
    assert!(text.contains(r#"undrop_violations_total{sessions="a \"b\"\\c\nd"} 0"#), "{text}");
}

#[cfg(feature = "axum")]
#[test]
fn that_there_are_too_many_files_is_told_from_other_errors_of_a_listener() {
    let counted = |cause: &str| {
        let text = metrics().render();
        let name = format!("undrop_accept_errors_total{{cause=\"{cause}\"}} ");
        text.lines().find_map(|line| line.strip_prefix(&name)?.parse::<u64>().ok()).unwrap()
    };
    let (files, other) = (counted("files"), counted("other"));
    #[cfg(unix)]
    for code in [23, 24] {
        count_accept_error(&io::Error::from_raw_os_error(code));
    }
    count_accept_error(&io::ErrorKind::ConnectionAborted.into());
    #[cfg(unix)]
    assert_eq!(counted("files"), files + 2);
    assert_eq!(counted("other"), other + 1);
}
