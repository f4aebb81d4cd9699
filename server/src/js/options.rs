//! The options of a server, as JavaScript writes them.

use std::time::Duration;

use http::HeaderName;
use serde::Deserialize;
use undrop_proto::outbox::Bounds;
use wasm_bindgen::prelude::*;

use super::values::type_error;
use crate::config::{Config, Limits, Origins, PlainConnections, Spread};
use crate::proxies::Proxies;

/// Reads the options, and the name of the sessions. Throws a `TypeError` that names the one that can't be one.
pub(super) fn parse(value: JsValue) -> Result<(Config, Option<String>), JsValue> {
    if value.is_undefined() {
        return Ok((Config::default(), None));
    }
    let deserializer = serde_wasm_bindgen::Deserializer::from(value);
    let mut options: Options = serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let (path, why) = (error.path().to_string(), error.inner().to_string());
        let why = why.strip_prefix("Error: ").unwrap_or(&why);
        type_error(&if path == "." { why.to_owned() } else { format!("{path}: {why}") })
    })?;
    let name = options.name.take();
    Ok((options.config()?, name))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Options {
    name: Option<String>,
    log_sessions: Option<bool>,
    time_to_live: Option<f64>,
    spread: Option<SpreadOption>,
    idle: Option<f64>,
    probe: Option<f64>,
    greeting: Option<f64>,
    close_timeout: Option<f64>,
    grace: Option<f64>,
    origins: Option<OriginsOption>,
    proxies: Option<ProxiesOption>,
    kept_headers: Option<Vec<String>>,
    protocols: Option<Vec<String>>,
    plain_connections: Option<PlainOption>,
    limits: Option<LimitsOption>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a number of milliseconds, or { rate }")]
enum SpreadOption {
    Fixed(f64),
    Rate { rate: u32 },
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "'same', 'any', or an array of origins")]
enum OriginsOption {
    Name(OriginsName),
    Listed(Vec<String>),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum OriginsName {
    Same,
    Any,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum ProxiesOption {
    XForwardedFor(usize),
    Forwarded(usize),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum PlainOption {
    Refuse,
    Serve,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct LimitsOption {
    sessions: Option<usize>,
    sessions_per_user: Option<usize>,
    sessions_per_address: Option<usize>,
    outbox: Option<BoundsOption>,
    outboxes: Option<usize>,
    outboxes_per_owner: Option<usize>,
    inbox: Option<BoundsOption>,
    inboxes: Option<usize>,
    inboxes_per_owner: Option<usize>,
    connections: Option<usize>,
    connections_per_address: Option<usize>,
    message_bytes: Option<usize>,
    handshake_burst: Option<u32>,
    handshakes_per_second: Option<u32>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct BoundsOption {
    messages: Option<u32>,
    bytes: Option<u64>,
}

impl Options {
    fn config(self) -> Result<Config, JsValue> {
        let mut config = Config::default();
        let spans = [
            ("timeToLive", self.time_to_live, &mut config.time_to_live),
            ("idle", self.idle, &mut config.idle),
            ("probe", self.probe, &mut config.probe),
            ("greeting", self.greeting, &mut config.greeting),
            ("closeTimeout", self.close_timeout, &mut config.close_timeout),
            ("grace", self.grace, &mut config.grace),
        ];
        for (name, given, span) in spans {
            if let Some(millis) = given {
                *span = duration(name, millis)?;
            }
        }
        set(
            &mut config.spread,
            match self.spread {
                None => None,
                Some(SpreadOption::Fixed(millis)) => Some(Spread::Fixed(duration("spread", millis)?)),
                Some(SpreadOption::Rate { rate }) => Some(Spread::Rate(rate)),
            },
        );
        set(
            &mut config.origins,
            self.origins.map(|origins| match origins {
                OriginsOption::Name(OriginsName::Same) => Origins::Same,
                OriginsOption::Name(OriginsName::Any) => Origins::Any,
                OriginsOption::Listed(listed) => Origins::Listed(listed),
            }),
        );
        set(
            &mut config.proxies,
            self.proxies.map(|proxies| match proxies {
                ProxiesOption::XForwardedFor(hops) => Proxies::XForwardedFor(hops),
                ProxiesOption::Forwarded(hops) => Proxies::Forwarded(hops),
            }),
        );
        for name in self.kept_headers.unwrap_or_default() {
            let header = HeaderName::from_bytes(name.as_bytes());
            config
                .kept_headers
                .push(header.map_err(|_| type_error(&format!("keptHeaders: {name} is no header's name")))?);
        }
        set(&mut config.log_sessions, self.log_sessions);
        set(&mut config.protocols, self.protocols);
        set(
            &mut config.plain_connections,
            self.plain_connections.map(|plain| match plain {
                PlainOption::Refuse => PlainConnections::Refuse,
                PlainOption::Serve => PlainConnections::Serve,
            }),
        );
        if let Some(limits) = self.limits {
            limits.set(&mut config.limits);
        }
        Ok(config)
    }
}

impl LimitsOption {
    fn set(self, limits: &mut Limits) {
        set(&mut limits.sessions, self.sessions);
        set(&mut limits.sessions_per_user, self.sessions_per_user);
        set(&mut limits.sessions_per_address, self.sessions_per_address);
        self.outbox.unwrap_or_default().set(&mut limits.outbox);
        set(&mut limits.outboxes, self.outboxes);
        set(&mut limits.outboxes_per_owner, self.outboxes_per_owner);
        self.inbox.unwrap_or_default().set(&mut limits.inbox);
        set(&mut limits.inboxes, self.inboxes);
        set(&mut limits.inboxes_per_owner, self.inboxes_per_owner);
        set(&mut limits.connections, self.connections);
        set(&mut limits.connections_per_address, self.connections_per_address);
        set(&mut limits.message_bytes, self.message_bytes);
        set(&mut limits.handshake_burst, self.handshake_burst);
        set(&mut limits.handshakes_per_second, self.handshakes_per_second);
    }
}

impl BoundsOption {
    fn set(self, bounds: &mut Bounds) {
        set(&mut bounds.messages, self.messages);
        set(&mut bounds.bytes, self.bytes);
    }
}

fn set<T>(option: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *option = given;
    }
}

/// A duration of so many milliseconds. Infinity is as long as can be counted.
fn duration(name: &str, millis: f64) -> Result<Duration, JsValue> {
    if millis >= 0.0 {
        Ok(Duration::from_millis(millis as u64))
    } else {
        Err(type_error(&format!("{name}: {millis} is no number of milliseconds")))
    }
}
