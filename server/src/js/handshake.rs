//! The request that a connection begins with, and what the app says of it.

use std::net::IpAddr;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use js_sys::{Array, Reflect};
use wasm_bindgen::prelude::*;

use crate::{Handshake, Principal, Refused, Sessions};

/// The request of this URL with these headers: a name, a value, and so on.
pub(super) fn handshake_of(sessions: &Sessions, url: &str, headers: &Array, peer: Option<String>) -> Handshake {
    let mut map = HeaderMap::new();
    for at in (0..headers.length()).step_by(2) {
        let [name, value] = [at, at + 1].map(|at| headers.get(at).as_string());
        let name = name.and_then(|name| HeaderName::from_bytes(name.as_bytes()).ok());
        // Node reads headers as Latin-1.
        let value = value.and_then(|value| HeaderValue::from_bytes(&latin1(&value)?).ok());
        if let (Some(name), Some(value)) = (name, value) {
            map.append(name, value);
        }
    }
    let peer: Option<IpAddr> = peer.and_then(|peer| peer.parse().ok());
    // An address of version 4 on a socket of version 6.
    let peer = peer.map(|peer| peer.to_canonical());
    let address = sessions.manager.shared.config.proxies.client(peer, &map);
    let uri: Uri = url.parse().unwrap_or_default();
    Handshake { uri, headers: map, address, protocol: None }
}

fn latin1(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|unit| u8::try_from(u32::from(unit)).ok()).collect()
}

/// The request, for the app.
#[wasm_bindgen]
pub struct ServerHandshake(Arc<Handshake>);

impl ServerHandshake {
    pub(super) fn new(handshake: Arc<Handshake>) -> Self {
        Self(handshake)
    }
}

#[wasm_bindgen]
impl ServerHandshake {
    /// Its path and query.
    #[wasm_bindgen(getter)]
    pub fn url(&self) -> String {
        self.0.uri.to_string()
    }

    /// Its headers, a name and a value each.
    #[wasm_bindgen(getter)]
    pub fn headers(&self) -> Array {
        let text = |value: &HeaderValue| -> String { value.as_bytes().iter().copied().map(char::from).collect() };
        self.0.headers.iter().map(|(name, value)| Array::of2(&name.as_str().into(), &text(value).into())).collect()
    }

    /// The client's address, if it is known.
    #[wasm_bindgen(getter)]
    pub fn address(&self) -> Option<String> {
        self.0.address.map(|address| address.to_string())
    }

    /// The app's own subprotocol that was chosen, if any.
    #[wasm_bindgen(getter)]
    pub fn protocol(&self) -> Option<String> {
        self.0.protocol.clone()
    }

    /// A parameter of the query, decoded.
    pub fn query(&self, name: &str) -> Option<String> {
        self.0.query(name)
    }

    /// A cookie's value.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.0.cookie(name).map(str::to_owned)
    }
}

/// Whose the app says that a connection is.
pub(super) fn principal_of(answer: &JsValue) -> Principal {
    answer.as_string().map_or(Principal::Anonymous, Principal::user)
}

/// The refusal that the app has thrown. The package makes one of whatever else was thrown.
pub(super) fn refused_of(thrown: JsValue) -> Refused {
    let property = |name: &str| Reflect::get(&thrown, &name.into()).unwrap_or(JsValue::UNDEFINED);
    let code = property("code").as_f64().map_or(crate::codes::TRY_LATER, |code| code as u16);
    Refused::new(code, property("reason").as_string().unwrap_or_default())
}
