//! What the test server knows of a test.

use js_sys::futures::JsFuture;
use js_sys::{Math, Promise};
use serde_json::Value;
use wasm_bindgen::prelude::*;

use super::support::server;

/// Under which the server counts what a test does, apart from all others.
pub(super) struct Id(String);

impl Id {
    pub(super) fn new() -> Self {
        Self(format!("{}", Math::random() * 1e17))
    }

    /// The route with this id.
    pub(super) fn of(&self, route: &str) -> String {
        format!("{route}{}id={}", if route.contains('?') { '&' } else { '?' }, self.0)
    }

    /// What came of the numbers that arrived: received, lost, duplicated, and so on.
    pub(super) async fn tally(&self) -> Value {
        ask(&self.of("/tally")).await
    }

    /// The counters once every connection has ended.
    pub(super) async fn stats_at_the_end(&self) -> Value {
        loop {
            let stats = ask(&self.of("/stats")).await;
            if stats["open"] == 0 {
                return stats;
            }
        }
    }
}

async fn ask(route: &str) -> Value {
    let url = server(route).replacen("ws", "http", 1);
    let answer: Answer = JsFuture::from(fetch(&url)).await.unwrap().unchecked_into();
    let text = JsFuture::from(answer.text()).await.unwrap();
    serde_json::from_str(&text.as_string().unwrap()).unwrap()
}

#[wasm_bindgen]
extern "C" {
    fn fetch(url: &str) -> Promise;

    type Answer;

    #[wasm_bindgen(method)]
    fn text(this: &Answer) -> Promise;
}
