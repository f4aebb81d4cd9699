//! The options of the class, checked and with the protocol's defaults.

#[cfg(feature = "session")]
use undrop_proto::outbox::Bounds;
use undrop_proto::{Config, Heartbeat, Lifetime, Limits, Overflow, Policy, Retry};
use wasm_bindgen::prelude::*;

use crate::socket::Settings;

#[wasm_bindgen(module = "/src/js/values.js")]
extern "C" {
    /// Reads options by their paths, and remembers the first error. What a getter throws is one.
    type Reader;

    #[wasm_bindgen(constructor)]
    fn new(options: &JsValue) -> Reader;

    #[wasm_bindgen(method)]
    fn get(this: &Reader, path: &str) -> JsValue;

    /// A number, or `usual` if there is none.
    #[wasm_bindgen(method, js_name = number)]
    fn big_number(this: &Reader, path: &str, usual: f64, least: u32) -> f64;

    /// What kind of value an option is; `must` has the words for those that are allowed.
    #[wasm_bindgen(method)]
    fn kind(this: &Reader, path: &str, must: &str) -> Kind;

    /// Whether an option is the second of two words.
    #[wasm_bindgen(method, js_name = isSecond)]
    fn is_second(this: &Reader, path: &str, first: &str, second: &str) -> bool;

    /// There are options that exclude, or need, each other.
    #[wasm_bindgen(method)]
    fn fail(this: &Reader, message: &str);

    /// Warns of each name that no option has, once all options were read.
    #[wasm_bindgen(method)]
    fn warn(this: &Reader);

    #[wasm_bindgen(method, getter)]
    fn error(this: &Reader) -> JsValue;
}

/// The kinds of values. Where `true` is allowed, it stands for the defaults.
#[wasm_bindgen(private)]
#[derive(Clone, Copy, Eq, PartialEq)]
enum Kind {
    Undefined = "undefined",
    False = "false",
    True = "true",
    Function = "function",
    Object = "object",
}

/// Throws a `TypeError` that names the option and its value, if an option can't be one.
pub(super) fn parse(options: &JsValue) -> Result<Settings, JsValue> {
    let reader = Reader::new(options);
    let options = reader.options();
    let error = reader.error();
    if !error.is_undefined() {
        return Err(error);
    }
    reader.warn();
    Ok(options)
}

impl Reader {
    fn options(&self) -> Settings {
        let usual = Config::default();
        let lifetime = self.lifetime();
        let policy = self.policy(lifetime);
        #[cfg(feature = "session")]
        let bounds = self.bounds(lifetime, policy);
        #[cfg(feature = "session")]
        let keeps_session = bounds.is_some();
        #[cfg(not(feature = "session"))]
        let keeps_session = self.excludes_session(lifetime);
        Settings {
            config: Config {
                policy,
                lifetime,
                connect_timeout: self.number("connectTimeout", usual.connect_timeout, 1),
                close_timeout: self.number("closeTimeout", usual.close_timeout, 0),
                queue: self.queue(policy != Policy::Never),
                authenticates: self.authenticates(keeps_session),
                heartbeat: self.heartbeat(keeps_session),
            },
            #[cfg(feature = "session")]
            bounds,
            ping: self.get("heartbeat.message"),
        }
    }

    fn lifetime(&self) -> Lifetime {
        if self.is_second("lifetime", "session", "connection") {
            return Lifetime::Connection;
        }
        if self.is_second("lifetime", "connection", "session") { Lifetime::Session } else { Lifetime::Unlimited }
    }

    #[cfg(not(feature = "session"))]
    fn excludes_session(&self, lifetime: Lifetime) -> bool {
        if lifetime == Lifetime::Session || self.get("resume").is_truthy() {
            self.fail("resume and lifetime: 'session' need undrop/session or undrop/all");
        }
        false
    }

    fn policy(&self, lifetime: Lifetime) -> Policy {
        let kind = self.kind("retry", "a boolean, an object or a function");
        let is_never = lifetime == Lifetime::Connection;
        if is_never && !matches!(kind, Kind::Undefined | Kind::False) {
            self.fail("lifetime: 'connection' excludes retry");
        }
        if is_never || kind == Kind::False {
            return Policy::Never;
        }
        let usual = Retry::default();
        let retry = Retry {
            limit: self.number("retry.limit", usual.limit, 0),
            first: self.number("retry.first", usual.first, 0),
            cap: self.number("retry.cap", usual.cap, 0),
            reset_after: self.number("retry.resetAfter", usual.reset_after, 0),
        };
        let decides = self.kind("retry.decide", "a function") == Kind::Function || kind == Kind::Function;
        if decides { Policy::Ask(retry) } else { Policy::Retry(retry) }
    }

    fn queue(&self, by_default: bool) -> Option<Limits> {
        let kind = self.kind("queue", "a boolean or an object");
        if kind == Kind::False || kind == Kind::Undefined && !by_default {
            return None;
        }
        let usual = Limits::default();
        let drops_oldest = self.is_second("queue.overflow", "refuse", "drop-oldest");
        // A time to live of 0 can't be given, so that it stands for none.
        let time_to_live = self.number("queue.timeToLive", 0, 1);
        Some(Limits {
            messages: self.number("queue.messages", usual.messages, 1),
            bytes: self.big_number("queue.bytes", usual.bytes as f64, 0) as u64,
            time_to_live: (time_to_live > 0).then_some(time_to_live),
            overflow: if drops_oldest { Overflow::DropOldest } else { Overflow::Refuse },
        })
    }

    /// A session begins with frames of its own.
    fn authenticates(&self, keeps_session: bool) -> bool {
        let authenticates = self.kind("authenticate", "a function") == Kind::Function;
        if authenticates && keeps_session {
            self.fail("resume excludes authenticate: have the URL carry the token");
        }
        authenticates
    }

    /// The heartbeat of a session is on by default, and its messages are the protocol's.
    fn heartbeat(&self, keeps_session: bool) -> Option<Heartbeat> {
        let kind = self.kind("heartbeat", "an object or false");
        // They are read here also where there is no heartbeat, so that their names are known.
        let message = self.kind("heartbeat.message", "a string, an object or a function");
        let reply = self.kind("heartbeat.reply", "a string or a function");
        if kind == Kind::False || kind == Kind::Undefined && !keeps_session {
            return None;
        }
        if !keeps_session && message == Kind::Undefined {
            self.fail("heartbeat needs a message to send, unless resume is on");
        }
        if keeps_session && !(message == Kind::Undefined && reply == Kind::Undefined) {
            self.fail("with resume the heartbeat has no message and no reply of its own");
        }
        let usual = Heartbeat::default();
        Some(Heartbeat {
            interval: self.number("heartbeat.interval", usual.interval, 1),
            timeout: self.number("heartbeat.timeout", usual.timeout, 1),
        })
    }

    /// The bounds of the outbox, if a session is wanted.
    #[cfg(feature = "session")]
    fn bounds(&self, lifetime: Lifetime, policy: Policy) -> Option<Bounds> {
        let kind = self.kind("resume", "a boolean or an object");
        let is_session = lifetime == Lifetime::Session;
        if is_session && kind == Kind::False {
            self.fail("lifetime: 'session' needs resume");
        }
        if kind == Kind::False || kind == Kind::Undefined && !is_session {
            return None;
        }
        if policy == Policy::Never {
            self.fail("resume needs retry");
        }
        if !self.get("queue").is_undefined() {
            self.fail("resume has limits of its own, limitBytes and limitMessages, in place of queue");
        }
        // `npm/shell.ts` calls it.
        self.kind("resume.onReset", "a function");
        let usual = Bounds::default();
        Some(Bounds {
            messages: self.number("resume.limitMessages", usual.messages, 1),
            bytes: self.big_number("resume.limitBytes", usual.bytes as f64, 0) as u64,
        })
    }

    fn number(&self, path: &str, usual: u32, least: u32) -> u32 {
        self.big_number(path, usual.into(), least) as u32
    }
}
