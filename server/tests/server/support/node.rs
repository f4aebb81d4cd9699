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

    /// Starts one for the Redis at this URL, whose system trusts this authority alone.
    pub async fn start_at(url: &str, authority: Option<&Path>) -> Self {
        // Cargo builds the examples with the tests, into the folder beside theirs.
        let tests = std::env::current_exe().unwrap();
        let program = tests.parent().unwrap().with_file_name("examples").join("echo");
        let mut command = Command::new(&program);
        command.envs(authority.map(|authority| ("SSL_CERT_FILE", authority)));
        command.args(["--redis", url]).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = soon("the node's address", lines.next_line()).await.unwrap().unwrap();
        let address = line.strip_prefix("listening ws://").unwrap().parse().unwrap();
        Self { child, address }
    }

    /// Kills it, as a power cut would.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }
}
