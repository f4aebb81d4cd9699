//! `idle [SESSIONS]`: what an idle session costs the server in memory. 10,000 of them if nothing else is said.
//!
//! The server is a process of its own, and what is measured is its resident memory: what the kernel keeps for a TCP
//! connection is not in it.

use std::net::SocketAddr;
use std::process::{ExitCode, Stdio};

use axum::Router;
use axum::response::Response;
use axum::routing::any;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};
use undrop_server::{Config, Limits, Session, SessionUpgrade, Sessions};

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// As many lines are dialled at once.
const AT_ONCE: usize = 100;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.first().map(String::as_str) {
        Some("--serve") => serve().await,
        Some("--measure") => measure(arguments.get(1)).await,
        _ => with_all_the_files_allowed(arguments.first()).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Each line is an open file in two processes, and more than a shell allows to begin with.
async fn with_all_the_files_allowed(sessions: Option<&String>) -> Outcome<()> {
    let sessions = sessions.map_or("10000", String::as_str);
    let raise = "ulimit -n \"$(ulimit -Hn)\" && exec \"$0\" \"$@\"";
    let program = std::env::current_exe()?;
    let status = Command::new("sh").args(["-c", raise]).arg(program).args(["--measure", sessions]).status().await?;
    if status.success() { Ok(()) } else { Err("it did not get to its end".into()) }
}

async fn measure(sessions: Option<&String>) -> Outcome<()> {
    let sessions: usize = sessions.ok_or("how many sessions?")?.parse()?;
    let (mut server, address) = start().await?;
    // What is needed once is not counted.
    drop(dial(address, 100).await?);
    let before = resident(&server)?;
    let lines = dial(address, sessions).await?;
    let with_lines = resident(&server)?;
    println!("{sessions} idle sessions in {:.1} MB, before them {:.1} MB", megabytes(with_lines), megabytes(before));
    println!("memory per idle session: {:.1} KiB", with_lines.saturating_sub(before) as f64 / 1024.0 / sessions as f64);
    drop(lines);
    server.kill().await?;
    Ok(())
}

async fn start() -> Outcome<(Child, SocketAddr)> {
    let mut command = Command::new(std::env::current_exe()?);
    let mut server = command.arg("--serve").stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
    let output = server.stdout.take().ok_or("it has no output")?;
    let line = BufReader::new(output).lines().next_line().await?.ok_or("it said nothing")?;
    Ok((server, line.parse()?))
}

async fn dial(address: SocketAddr, sessions: usize) -> Outcome<Vec<WebSocketStream<TcpStream>>> {
    let (mut dialling, mut lines) = (JoinSet::new(), Vec::new());
    for _ in 0..sessions {
        if dialling.len() == AT_ONCE
            && let Some(line) = dialling.join_next().await
        {
            lines.push(line??);
        }
        dialling.spawn(begin(address));
    }
    while let Some(line) = dialling.join_next().await {
        lines.push(line??);
    }
    Ok(lines)
}

/// A line with a session that has said something once.
async fn begin(address: SocketAddr) -> Result<WebSocketStream<TcpStream>, Error> {
    let mut request = format!("ws://{address}/").into_client_request()?;
    request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("undrop.1"));
    let config = WebSocketConfig::default().read_buffer_size(1 << 10);
    let stream = TcpStream::connect(address).await?;
    let (mut line, _) = client_async_with_config(request, stream, Some(config)).await?;
    line.send(Message::text("\u{10}new")).await?;
    // The welcome.
    line.next().await.ok_or(Error::ConnectionClosed)??;
    line.send(Message::text("hello")).await?;
    // The answer and the acknowledgement.
    for _ in 0..2 {
        line.next().await.ok_or(Error::ConnectionClosed)??;
    }
    line.send(Message::text("\u{10}ack 1")).await?;
    Ok(line)
}

fn resident(server: &Child) -> Outcome<usize> {
    let pid = server.id().ok_or("the server is gone")?;
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))
        .map_err(|error| format!("only Linux tells what a process holds: {error}"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("it does not say")?;
    Ok(line.trim().trim_end_matches(" kB").trim().parse::<usize>()? * 1024)
}

fn megabytes(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}

async fn serve() -> Outcome<()> {
    let most = usize::MAX;
    let limits = Limits { sessions: most, sessions_per_address: most, handshake_burst: u32::MAX, ..Limits::default() };
    let sessions = Sessions::new(Config { limits, ..Config::default() });
    let app = Router::new().route("/", any(echo)).with_state(sessions);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    tokio::select! {
        served = async { axum::serve(listener, service).await } => served?,
        _ = async { tokio::io::stdin().read(&mut [0]).await } => {}
    }
    Ok(())
}

async fn echo(upgrade: SessionUpgrade) -> Response {
    upgrade.on_session(|mut session: Session| async move {
        while let Some(received) = session.recv().await {
            if received.commit_with([received.message.clone()]).await.is_err() {
                return;
            }
        }
    })
}
