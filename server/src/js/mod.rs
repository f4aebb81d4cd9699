//! The face for JavaScript: what the package's `undrop/server` is built on, when this crate is compiled to WebAssembly.
//!
//! The sessions are those of Rust servers, line by line; only tasks, timers and the clock are the runtime's
//! (`src/runtime/javascript.rs`), and the WebSockets are what the package's adapters for Node, Bun and Deno make of theirs.

#![expect(unreachable_pub, reason = "what wasm-bindgen exports has to be `pub`")]

mod connection;
mod handshake;
mod log;
mod options;
mod session;
mod socket;
mod values;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use js_sys::{Array, Function, Promise};
use send_wrapper::SendWrapper;
use undrop_proto::{close, wire};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, future_to_promise};

use self::connection::ServerAdmission;
use self::handshake::{ServerHandshake, handshake_of, principal_of, refused_of};
pub(crate) use self::socket::MOST_WAITING;
use self::values::{coded, error, message_of, session_id_of};
use crate::ending::NotCommitted;
use crate::store::{NotForwarded, RedisClient, RedisStore};
use crate::{Handshake, Principal, Refused, Sessions, WorstCase, meter};

/// The sessions of a server.
#[wasm_bindgen]
pub struct ServerSessions {
    sessions: Sessions,
}

#[wasm_bindgen]
impl ServerSessions {
    /// Sets sessions up. `authenticate` is given a handshake, and returns a promise of the user's name, or of nothing for an
    /// anonymous client. They are kept in memory, or in a Redis under keys with a prefix. Throws a `TypeError` for an option that
    /// can't be one.
    #[wasm_bindgen(constructor)]
    pub fn new(
        options: JsValue,
        authenticate: Option<Function>,
        redis: Option<RedisClient>,
        prefix: Option<String>,
    ) -> Result<Self, JsValue> {
        let (config, name) = options::parse(options)?;
        let builder = Sessions::builder(config);
        let builder = match name {
            Some(name) => builder.name(name),
            None => builder,
        };
        let builder = match redis.map(RedisStore::through) {
            Some(store) => builder.store(match prefix {
                Some(prefix) => store.with_prefix(prefix),
                None => store,
            }),
            None => builder,
        };
        let builder = match authenticate {
            Some(function) => builder.authenticate(authenticator(function)),
            None => builder,
        };
        Ok(Self { sessions: builder.build() })
    }

    /// Whether the connection that begins with this request is accepted. Throws an object with the `status` and the `text` of
    /// the answer if it is not.
    pub fn admit(&self, url: &str, headers: Array, address: Option<String>) -> Result<ServerAdmission, JsValue> {
        let handshake = handshake_of(&self.sessions, url, &headers, address);
        ServerAdmission::new(self.sessions.clone(), handshake)
    }

    /// What the server counts, as text that Prometheus reads.
    pub fn metrics(&self) -> String {
        self.sessions.metrics().render()
    }

    /// How large a message of a WebSocket may be that a client sends.
    #[wasm_bindgen(js_name = mostBytes, getter)]
    pub fn most_bytes(&self) -> u32 {
        u32::try_from(self.sessions.manager.shared.config.limits.most_bytes()).unwrap_or(u32::MAX)
    }

    /// The most memory that clients can make these sessions take.
    #[wasm_bindgen(js_name = worstCase)]
    pub fn worst_case(&self) -> ServerWorstCase {
        let worst_case = self.sessions.manager.shared.config.worst_case();
        let total = worst_case.total() as f64;
        let WorstCase { connections, sessions, outboxes, inboxes, addresses, per_address } = worst_case;
        let [connections, sessions, outboxes, inboxes, addresses, per_address] =
            [connections, sessions, outboxes, inboxes, addresses, per_address].map(|bytes| bytes as f64);
        ServerWorstCase { connections, sessions, outboxes, inboxes, addresses, per_address, total }
    }

    /// The ids of a user's sessions.
    #[wasm_bindgen(js_name = sessionsOf)]
    pub fn sessions_of(&self, user: String) -> Promise {
        let sessions = self.sessions.clone();
        future_to_promise(async move {
            let ids = sessions.of(&Principal::user(user)).await.map_err(|cause| error(&cause.to_string()))?;
            Ok(ids.iter().map(|id| JsValue::from_str(&id.to_string())).collect::<Array>().into())
        })
    }

    /// Sends a message to a session by its id.
    #[wasm_bindgen(js_name = sendTo)]
    pub fn send_to(&self, session: &str, message: JsValue) -> Result<Promise, JsValue> {
        let (session, message) = (session_id_of(session)?, message_of(&message)?);
        let sessions = self.sessions.clone();
        Ok(future_to_promise(async move {
            sessions.send_to(session, message).await.map_err(|refused| not_forwarded(&refused))?;
            Ok(JsValue::UNDEFINED)
        }))
    }

    /// Ends all sessions of a user.
    pub fn revoke(&self, user: String) -> Promise {
        let sessions = self.sessions.clone();
        future_to_promise(async move {
            sessions.revoke(&Principal::user(user)).await.map_err(|cause| error(&cause.to_string()))?;
            Ok(JsValue::UNDEFINED)
        })
    }

    /// Rejects unless new connections are of use here: the server does not shut down, and its store answers.
    pub fn ready(&self) -> Promise {
        let sessions = self.sessions.clone();
        future_to_promise(async move {
            sessions.ready().await.map_err(|cause| error(&cause.to_string()))?;
            Ok(JsValue::UNDEFINED)
        })
    }

    /// Ends all sessions on this node.
    #[wasm_bindgen(js_name = shutDown)]
    pub fn shut_down(&self) -> Promise {
        let sessions = self.sessions.clone();
        future_to_promise(async move {
            sessions.shut_down().await;
            Ok(JsValue::UNDEFINED)
        })
    }
}

/// The most memory that clients can make sessions take, in bytes.
#[wasm_bindgen]
pub struct ServerWorstCase {
    pub connections: f64,
    pub sessions: f64,
    pub outboxes: f64,
    pub inboxes: f64,
    pub addresses: f64,
    #[wasm_bindgen(js_name = perAddress)]
    pub per_address: f64,
    pub total: f64,
}

/// The app's own parts of the subprotocols that ask for a session in a list of them, as a client offers it; empty where the app
/// has no part.
#[wasm_bindgen(js_name = offeredWithSession)]
pub fn offered_with_session(offers: &str) -> Vec<String> {
    offers.split(',').filter_map(|offer| wire::app_protocol(offer.trim())).map(str::to_owned).collect()
}

/// The answer to one of them.
#[wasm_bindgen(js_name = answerWithSession)]
pub fn answer_with_session(app_protocol: &str) -> String {
    if app_protocol.is_empty() { wire::PROTOCOL.to_owned() } else { wire::offer_of(app_protocol) }
}

/// Whether a close frame may have this code, which may be any number.
#[wasm_bindgen(js_name = isCloseCode)]
pub fn is_close_code(code: f64) -> bool {
    let whole = code as u16;
    f64::from(whole) == code && close::is_sendable(whole)
}

/// How many bytes of an unfinished message do not count.
#[wasm_bindgen(js_name = uncountedBytes)]
pub fn uncounted_bytes() -> usize {
    meter::FREE
}

fn not_forwarded(refused: &NotForwarded) -> JsValue {
    let text = refused.to_string();
    match refused {
        NotForwarded::Over => coded(&text, NotCommitted::Over.name()),
        NotForwarded::Full => coded(&text, NotCommitted::Full.name()),
        // It has no code that would say so of the session.
        NotForwarded::Unavailable(_) => error(&text),
    }
}

/// An authenticator that asks this function.
fn authenticator(function: Function) -> impl Fn(Arc<Handshake>) -> SendWrapper<Authenticating> + Send + Sync + 'static {
    let function = SendWrapper::new(function);
    move |handshake| {
        let asked = function.call1(&JsValue::UNDEFINED, &ServerHandshake::new(handshake).into());
        SendWrapper::new(Box::pin(async move {
            let promise = asked.map_err(refused_of)?;
            let answer = JsFuture::from(Promise::resolve(&promise)).await.map_err(refused_of)?;
            Ok(principal_of(&answer))
        }))
    }
}

type Authenticating = Pin<Box<dyn Future<Output = Result<Principal, Refused>>>>;
