//! The server of the benchmark's contenders, and the crowds of clients that servers are measured with.
//!
//! Both end when their standard input is closed, and use only the loopback interface.

mod centrifuge;
mod crowd;
mod echoes;
mod plain;
mod serve;
mod sessions;
mod stdin;
mod talk;

use std::process::ExitCode;

const USAGE: &str = "usage: undrop-bench-server
       undrop-bench-server crowd URL COUNT MESSAGES [session]
       undrop-bench-server echoes URL COUNT MESSAGES";

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words[..] {
        [] => serve::serve().await,
        ["crowd", url, count, messages, ref how @ ..] if matches!(how, [] | ["session"]) => {
            match (count.parse(), messages.parse()) {
                (Ok(count), Ok(messages)) => crowd::run(url, count, messages, !how.is_empty()).await,
                _ => Err(USAGE.into()),
            }
        }
        ["echoes", url, count, messages] => match (count.parse(), messages.parse()) {
            (Ok(count), Ok(messages)) => echoes::run(url, count, messages).await,
            _ => Err(USAGE.into()),
        },
        _ => Err(USAGE.into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
