//! Settings of Redis that lose sessions, and the warning about them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use parking_lot::Mutex;
use redis::cluster_routing::{MultipleNodeRoutingInfo, RoutingInfo};
use redis::{RedisError, from_redis_value};
use tracing::warn;

use super::connection::Connection;

/// A setting each, as older versions of Redis take one at a time.
const NAMES: [&str; 5] = ["maxmemory", "maxmemory-policy", "save", "appendonly", "appendfsync"];

/// What was warned of.
static WARNED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

type Settings = HashMap<String, String>;

/// Warns, once for a process, if a Redis has settings that can lose what was acknowledged. One that does not tell its settings
/// is left in peace.
pub(super) async fn check(mut connection: Connection, server: String) {
    let Ok(nodes) = read(&mut connection).await else { return };
    let losses: BTreeSet<String> = nodes.values().flat_map(losses).collect();
    if losses.is_empty() {
        return;
    }
    let losses = losses.into_iter().collect::<Vec<_>>().join("; ");
    if WARNED.lock().insert(format!("{server}: {losses}")) {
        warn!(redis = %server, "the settings of this Redis can lose what was acknowledged: {losses}");
    }
}

/// The settings of each node.
async fn read(connection: &mut Connection) -> Result<BTreeMap<String, Settings>, RedisError> {
    let mut nodes = BTreeMap::<String, Settings>::new();
    for name in NAMES {
        let mut command = redis::cmd("CONFIG");
        command.arg("GET").arg(name);
        let settings: HashMap<String, Settings> = match connection {
            Connection::Single(connection) => {
                [(String::new(), command.query_async(connection).await?)].into_iter().collect()
            }
            Connection::Cluster(connection) => {
                let primaries = RoutingInfo::MultiNode((MultipleNodeRoutingInfo::AllMasters, None));
                from_redis_value(connection.route_command(command, primaries).await?)?
            }
        };
        for (node, settings) in settings {
            nodes.entry(node).or_default().extend(settings);
        }
    }
    Ok(nodes)
}

fn losses(settings: &Settings) -> Vec<String> {
    let get = |name: &str| settings.get(name).map(String::as_str);
    let mut losses = Vec::new();
    if let (Some(memory), Some(policy)) = (get("maxmemory"), get("maxmemory-policy"))
        && memory != "0"
        && policy != "noeviction"
    {
        losses.push(format!("`maxmemory-policy {policy}` evicts live sessions, `noeviction` does not"));
    }
    match (get("appendonly"), get("appendfsync"), get("save")) {
        (Some("no"), _, Some("")) => {
            losses.push("`appendonly no` and `save \"\"` lose everything with the process".to_owned());
        }
        (Some("no"), _, Some(save)) => {
            losses.push(format!("`appendonly no` and `save \"{save}\"` lose what came after the last snapshot"));
        }
        (Some("yes"), Some(fsync), _) if fsync != "always" => {
            losses.push(format!("`appendfsync {fsync}` loses what was not yet on disk, `always` does not"));
        }
        _ => {}
    }
    losses
}

#[cfg(test)]
mod tests {
    use super::*;

    fn losses_of(settings: &[(&str, &str)]) -> String {
        let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        losses(&settings).join("; ")
    }

    #[test]
    fn each_setting_that_loses_is_named() {
        let safe =
            [("maxmemory", "1"), ("maxmemory-policy", "noeviction"), ("appendonly", "yes"), ("appendfsync", "always")];
        assert_eq!(losses_of(&safe), "");
        assert_eq!(
            losses_of(&[("maxmemory", "0"), ("maxmemory-policy", "allkeys-lru")]),
            "",
            "without a limit nothing is evicted"
        );
        assert!(losses_of(&[("maxmemory", "1"), ("maxmemory-policy", "volatile-ttl")]).contains("volatile-ttl"));
        assert!(losses_of(&[("appendonly", "yes"), ("appendfsync", "everysec")]).contains("everysec"));
        assert!(losses_of(&[("appendonly", "no"), ("appendfsync", "always"), ("save", "")]).contains("everything"));
        assert!(losses_of(&[("appendonly", "no"), ("save", "3600 1")]).contains("3600 1"));
        assert_eq!(losses_of(&[]), "", "a Redis that does not tell");
    }
}
