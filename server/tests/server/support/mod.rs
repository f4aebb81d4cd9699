//! A server on a real port, clients that run the protocol crate's session, and clients that do not.

pub mod client;
pub mod gate;
pub mod log;
#[cfg(feature = "redis")]
pub mod node;
pub mod raw;
#[cfg(feature = "redis")]
pub mod redis;
pub mod server;

pub use client::Client;
#[cfg(feature = "redis")]
pub use node::Node;
pub use raw::Raw;
pub use server::{Server, Tap, echo};

use std::future::Future;
use std::time::Duration;

/// What has to happen happens, or the test has failed: the time is only there so that it ends.
pub async fn soon<T>(what: &str, wait: impl Future<Output = T>) -> T {
    match tokio::time::timeout(Duration::from_secs(30), wait).await {
        Ok(value) => value,
        Err(_) => panic!("waited in vain for {what}"),
    }
}

/// Waits until this holds. Nothing tells of a change, so it is looked at whenever others have run.
pub async fn until(what: &str, holds: impl Fn() -> bool) {
    soon(what, async {
        while !holds() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}
