//! The server of the benchmark's contenders, and the clients that servers themselves are measured with.
//!
//! The server and the crowd end when their standard input is closed, and all use only the loopback interface.

mod centrifuge;
mod client;
mod crowd;
mod echoes;
mod plain;
mod serve;
mod sessions;
mod stdio;
mod talk;

use std::process::ExitCode;

use self::client::{Addresses, Kind};

const USAGE: &str = "usage: undrop-bench-server
       undrop-bench-server crowd URL CLIENTS MESSAGES [session | socket.io]
       undrop-bench-server echoes URL CLIENTS (shared | own) IN_FLIGHT MESSAGES [session | socket.io]
       undrop-bench-server steps URL CLIENTS IN_FLIGHT MESSAGES_EACH";

#[tokio::main]
async fn main() -> ExitCode {
    match run(std::env::args().skip(1).collect()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Vec<String>) -> Result<(), String> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let number = |word: &str| word.parse::<usize>().map_err(|_| USAGE);
    let kind_of = |words| Kind::parse(words).ok_or(USAGE);
    match words[..] {
        [] => serve::serve().await,
        ["crowd", url, clients, messages, ref kind @ ..] => {
            crowd::run(url, number(clients)?, number(messages)?, kind_of(kind)?).await
        }
        ["echoes", url, clients, addresses, in_flight, messages, ref kind @ ..] => {
            let addresses = Addresses::parse(addresses).ok_or(USAGE)?;
            let clients = (number(clients)?, addresses, kind_of(kind)?);
            echoes::run(url, clients, number(in_flight)?, number(messages)?).await
        }
        ["steps", url, clients, in_flight, each] => {
            echoes::run_in_steps(url, number(clients)?, number(in_flight)?, number(each)?).await
        }
        _ => Err(USAGE.into()),
    }
}
