//! A WebSocket server that can also misbehave, for the conformance, browser and fault tests.
//!
//! It listens on 127.0.0.1 alone, says where in its first line of output, and ends when its standard
//! input is closed: a test runner that dies takes it along. What it does with a connection is
//! written in the URL; see [`route`] for the list.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

mod connection;
mod frames;
mod head;
mod response;
mod route;
mod serve;
mod session;
mod stats;

use std::io::Write as _;
use std::process::ExitCode;

use tokio::net::{TcpListener, TcpStream};

use crate::head::Head;
use crate::route::Route;
use crate::session::SessionManager;
use crate::stats::Stats;

#[tokio::main]
async fn main() -> ExitCode {
    let port = match port_from(std::env::args().skip(1)) {
        Ok(port) => port,
        Err(complaint) => {
            eprintln!("{complaint}\nusage: undrop-test-server [--port N]   (0 or nothing: any free port)");
            return ExitCode::from(2);
        }
    };
    match serve(port).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot listen on 127.0.0.1:{port}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn port_from(mut arguments: impl Iterator<Item = String>) -> Result<u16, String> {
    let mut port = 0;
    while let Some(argument) = arguments.next() {
        if argument != "--port" {
            return Err(format!("unknown argument {argument:?}"));
        }
        let value = arguments.next().ok_or("--port needs a number")?;
        port = value.parse().map_err(|_| format!("--port {value}: not a port number"))?;
    }
    Ok(port)
}

async fn serve(port: u16) -> std::io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let mut stdout = std::io::stdout();
    writeln!(stdout, "listening ws://{}", listener.local_addr()?)?;
    stdout.flush()?;
    let (stats, sessions) = (Stats::default(), SessionManager::default());
    let (mut stdin, mut nowhere) = (tokio::io::stdin(), tokio::io::sink());
    tokio::select! {
        () = accept_all(listener, stats, sessions) => {}
        _ = tokio::io::copy(&mut stdin, &mut nowhere) => {}
    }
    Ok(())
}

async fn accept_all(listener: TcpListener, stats: Stats, sessions: SessionManager) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(serve_connection(stream, stats.clone(), sessions.clone()));
            }
            Err(error) => {
                // Out of file descriptors, most likely: it passes when sockets close.
                eprintln!("accept: {error}");
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        }
    }
}

/// One TCP connection from its first byte to its end. Network errors end it and are not reported, because the clients of a
/// test server break their connections on purpose.
async fn serve_connection(mut stream: TcpStream, stats: Stats, sessions: SessionManager) {
    // Small frames leave at once, as a test of round trips expects.
    let _ = stream.set_nodelay(true);
    let head = match Head::read(&mut stream).await {
        Ok(Some(head)) => head,
        // A browser's speculative connection that asked nothing.
        Ok(None) => return,
        Err(complaint) => return response::refuse(stream, 400, &complaint).await,
    };
    match Route::of(&head) {
        Ok(Route::Stats { id }) => response::json(stream, &stats.report(id.as_deref())).await,
        Ok(Route::Tally { id }) => response::json(stream, &sessions.report(&id)).await,
        Ok(route) => serve::serve(route, head, stream, &stats, &sessions).await,
        Err(refusal) => response::refuse(stream, refusal.status, &refusal.reason).await,
    }
}

#[cfg(test)]
mod tests {
    use super::port_from;

    fn parse(arguments: &[&str]) -> Result<u16, String> {
        port_from(arguments.iter().map(ToString::to_string))
    }

    #[test]
    fn the_command_line_takes_a_port_or_nothing() {
        assert_eq!(parse(&[]), Ok(0));
        assert_eq!(parse(&["--port", "8080"]), Ok(8080));
    }

    #[test]
    fn a_wrong_command_line_is_named() {
        assert!(parse(&["--port"]).unwrap_err().contains("needs a number"));
        assert!(parse(&["--port", "x"]).unwrap_err().contains("--port x"));
        assert!(parse(&["--host"]).unwrap_err().contains("--host"));
    }
}
