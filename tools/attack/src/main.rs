//! Hostile clients against a server, and well-behaved ones beside them: `npm run attack`.
//!
//! The server, the well-behaved clients and the hostile ones are processes of their own, and all of them are this program.
//! Each kind of attack has a fresh server. What it prints and when it fails is said in docs/servers.md.

mod client;
mod hostile;
mod neighbours;
mod outcome;
mod row;
mod run;
mod server;
mod setup;
mod small;
mod table;

use std::process::ExitCode;

use crate::setup::{FULL, SHORT, ServerKind};

const USAGE: &str = "usage: undrop-attack [--server rust|node] [--short] [KIND...]
       undrop-attack promises";

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words[..] {
        ["serve"] => server::serve().await,
        ["neighbours", server] => neighbours::talk(server).await,
        ["hostile", kind, server, connections, addresses, milliseconds] => {
            hostile::attack(kind, server, connections, addresses, milliseconds).await
        }
        ["promises"] => {
            print!("{}", table::promises());
            Ok(())
        }
        ["--server", "rust", ref rest @ ..] => attack(ServerKind::Rust, rest).await,
        ["--server", "node", ref rest @ ..] => attack(ServerKind::Node, rest).await,
        ref rest => attack(ServerKind::Rust, rest).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn attack(server: ServerKind, rest: &[&str]) -> outcome::Outcome<()> {
    let (run, kinds) = match rest {
        ["--short", kinds @ ..] => (SHORT, kinds),
        kinds => (FULL, kinds),
    };
    if kinds.iter().any(|kind| kind.starts_with('-')) {
        return Err(USAGE.into());
    }
    run::all(run, server, kinds).await
}
