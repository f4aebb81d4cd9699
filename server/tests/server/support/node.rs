//! A node in a process of its own, which can be killed.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use super::redis::Redis;
use super::soon;

/// The program `examples/echo.rs`, in a process of its own.
pub struct Node {
    child: Child,
    pub address: SocketAddr,
}

impl Node {
    pub async fn start(redis: &Redis) -> Self {
        Self::start_at(&redis.url(), None).await
    }

    /// The command that starts one for the Redis at this URL.
    pub fn command(url: &str) -> Command {
        // Cargo builds the examples with the tests, into the folder beside theirs.
        let tests = std::env::current_exe().unwrap();
        let program = tests.parent().unwrap().with_file_name("examples").join("echo");
        let mut command = Command::new(&program);
        command.args(["--redis", url]).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        command
    }

    /// Starts one for the Redis at this URL, whose system trusts this authority alone.
    pub async fn start_at(url: &str, authority: Option<&Path>) -> Self {
        let mut command = Self::command(url);
        command.envs(authority.map(|authority| ("SSL_CERT_FILE", authority)));
        let mut child = command.spawn().unwrap_or_else(|error| panic!("the example echo: {error}"));
        let address = address(&mut child).await;
        Self { child, address }
    }

    /// Kills it, as a power cut would.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }
}

/// Where a node listens that has begun.
pub async fn address(child: &mut Child) -> SocketAddr {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = soon("the node's address", lines.next_line()).await.unwrap().unwrap();
    line.strip_prefix("listening ws://").unwrap().parse().unwrap()
}
