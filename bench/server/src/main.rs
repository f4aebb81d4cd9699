//! The server that the benchmark's contenders talk to, and the crowd of clients that the server itself is measured with.
//!
//! Both end when their standard input is closed, and listen on or talk to this machine alone.

mod centrifuge;
mod crowd;
mod plain;
mod serve;
mod sessions;
mod talk;

use std::process::ExitCode;

const USAGE: &str = "usage: undrop-bench-server
       undrop-bench-server crowd URL COUNT SHOUTS [session]";

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words[..] {
        [] => serve::serve().await,
        ["crowd", url, count, shouts, ref how @ ..] if matches!(how, [] | ["session"]) => {
            match (count.parse(), shouts.parse()) {
                (Ok(count), Ok(shouts)) => crowd::gather(url, count, shouts, !how.is_empty()).await,
                _ => Err(USAGE.into()),
            }
        }
        _ => Err(USAGE.into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(complaint) => {
            eprintln!("{complaint}");
            ExitCode::FAILURE
        }
    }
}

/// Resolves when whoever started this program has closed its standard input, or is gone.
async fn told_to_stop() {
    let (mut stdin, mut nowhere) = (tokio::io::stdin(), tokio::io::sink());
    let _ = tokio::io::copy(&mut stdin, &mut nowhere).await;
}
