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
mod table;

use std::process::ExitCode;

const USAGE: &str = "usage: undrop-attack [--short] [KIND...]
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
        ["--short", ref kinds @ ..] => run::all(setup::SHORT, kinds).await,
        ref kinds if kinds.iter().all(|kind| !kind.starts_with('-')) => run::all(setup::FULL, kinds).await,
        _ => Err(USAGE.into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
