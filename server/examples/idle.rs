//! `idle [CONNECTIONS]`: what an idle session costs the server in memory, beside a connection that has not asked for one yet, and an
//! idle WebSocket of axum's. 10,000 of each if nothing else is said.
//!
//! The server is a process of its own, and what is measured is its resident memory: what the kernel keeps for a TCP
//! connection is not in it.

use std::net::SocketAddr;
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use axum::Router;
use axum::extract::ws::{WebSocket, WebSocketUpgrade};
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

/// As many connections are opened at once.
const AT_ONCE: usize = 100;

/// How many bytes the server reads at once from a session's connection, and from a [`Kind::Lean`].
const READ_BUFFER: usize = 4 << 10;

const BROWSER: [(&str, &str); 6] = [
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("accept-language", "en-GB,en-US;q=0.9,en;q=0.8"),
    ("cache-control", "no-cache"),
    ("cookie", "session=0123456789abcdef0123456789abcdef"),
    ("pragma", "no-cache"),
    (
        "user-agent",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
    ),
];

/// What is on the other end of a connection, by the path that serves it.
#[derive(Clone, Copy)]
enum Kind {
    Socket,
    /// One that reads as little at once as a session does.
    Lean,
    Session,
    /// One that has not said which session it wants.
    Ungreeted,
}

impl Kind {
    fn path(self) -> &'static str {
        match self {
            Kind::Socket => "socket",
            Kind::Lean => "lean",
            Kind::Session | Kind::Ungreeted => "session",
        }
    }
}

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

/// Each connection is an open file in two processes, and more than a shell allows to begin with.
async fn with_all_the_files_allowed(sessions: Option<&String>) -> Outcome<()> {
    let sessions = sessions.map_or("10000", String::as_str);
    let raise = "ulimit -n \"$(ulimit -Hn)\" && exec \"$0\" \"$@\"";
    let program = std::env::current_exe()?;
    let status = Command::new("sh").args(["-c", raise]).arg(program).args(["--measure", sessions]).status().await?;
    if status.success() { Ok(()) } else { Err("it did not get to its end".into()) }
}

async fn measure(connections: Option<&String>) -> Outcome<()> {
    let connections: usize = connections.ok_or("how many connections?")?.parse()?;
    println!("{connections} idle connections of each kind, and the resident memory of the server for each of them:");
    for (kind, name) in [
        (Kind::Socket, "axum's WebSocket, as it comes"),
        (Kind::Lean, "the same with a read buffer of 4 KiB"),
        (Kind::Session, "a connection with a session"),
        (Kind::Ungreeted, "a connection that has not greeted"),
    ] {
        println!("{name:40} {:6.1} KiB", cost(kind, connections).await?);
    }
    Ok(())
}

/// In KiB, of one connection. Each kind has a server of its own: what an allocator keeps of earlier connections would hide
/// what these cost.
async fn cost(kind: Kind, connections: usize) -> Outcome<f64> {
    let (mut server, address) = start().await?;
    // What is needed once is not counted.
    drop(connect(kind, address, 100).await?);
    let before = resident(&server)?;
    let idle = connect(kind, address, connections).await?;
    let cost = resident(&server)?.saturating_sub(before) as f64 / 1024.0 / connections as f64;
    drop(idle);
    server.kill().await?;
    Ok(cost)
}

async fn start() -> Outcome<(Child, SocketAddr)> {
    let mut command = Command::new(std::env::current_exe()?);
    let mut server = command.arg("--serve").stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
    let output = server.stdout.take().ok_or("it has no output")?;
    let line = BufReader::new(output).lines().next_line().await?.ok_or("it said nothing")?;
    Ok((server, line.parse()?))
}

async fn connect(kind: Kind, address: SocketAddr, connections: usize) -> Outcome<Vec<WebSocketStream<TcpStream>>> {
    let (mut connecting, mut idle) = (JoinSet::new(), Vec::new());
    for _ in 0..connections {
        if connecting.len() == AT_ONCE
            && let Some(connection) = connecting.join_next().await
        {
            idle.push(connection??);
        }
        connecting.spawn(begin(kind, address));
    }
    while let Some(connection) = connecting.join_next().await {
        idle.push(connection??);
    }
    Ok(idle)
}

/// A connection on which something was said once.
async fn begin(kind: Kind, address: SocketAddr) -> Result<WebSocketStream<TcpStream>, Error> {
    let mut request = format!("ws://{address}/{}", kind.path()).into_client_request()?;
    if let Kind::Session | Kind::Ungreeted = kind {
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("undrop.1"));
    }
    // What browsers send beside what a WebSocket needs.
    for (name, value) in BROWSER {
        request.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    let config = WebSocketConfig::default().read_buffer_size(1 << 10);
    let stream = TcpStream::connect(address).await?;
    let (mut connection, _) = client_async_with_config(request, stream, Some(config)).await?;
    let mut talk = async |says: &'static str, answers: usize| {
        connection.send(Message::text(says)).await?;
        for _ in 0..answers {
            connection.next().await.ok_or(Error::ConnectionClosed)??;
        }
        Ok::<(), Error>(())
    };
    match kind {
        Kind::Socket | Kind::Lean => talk("hello", 1).await?,
        Kind::Ungreeted => {}
        Kind::Session => {
            talk("\u{10}new", 1).await?;
            // The answer and the acknowledgement.
            talk("hello", 2).await?;
            talk("\u{10}ack 1", 0).await?;
        }
    }
    Ok(connection)
}

fn resident(server: &Child) -> Outcome<usize> {
    let pid = server.id().ok_or("the server is gone")?;
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))
        .map_err(|error| format!("only Linux tells what a process holds: {error}"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("it does not say")?;
    Ok(line.trim().trim_end_matches(" kB").trim().parse::<usize>()? * 1024)
}

async fn serve() -> Outcome<()> {
    let most = usize::MAX;
    let limits = Limits::default()
        .sessions(most)
        .sessions_per_address(most)
        .connections(most)
        .connections_per_address(most)
        .handshake_burst(u32::MAX)
        .read_buffer(READ_BUFFER);
    // Who has not greeted is waited for until all are connected.
    let sessions = Sessions::new(Config::default().greeting(Duration::from_secs(600)).limits(limits));
    let app = Router::new()
        .route("/socket", any(socket))
        .route("/lean", any(lean))
        .route("/session", any(session))
        .with_state(sessions);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    tokio::select! {
        served = async { axum::serve(listener, service).await } => served?,
        _ = async { tokio::io::stdin().read(&mut [0]).await } => {}
    }
    Ok(())
}

async fn session(upgrade: SessionUpgrade) -> Response {
    upgrade.on_session(|mut session: Session| async move {
        while let Some(received) = session.recv().await {
            if received.commit_with([received.message.clone()]).await.is_err() {
                return;
            }
        }
    })
}

async fn socket(upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(answer)
}

async fn lean(upgrade: WebSocketUpgrade) -> Response {
    upgrade.read_buffer_size(READ_BUFFER).on_upgrade(answer)
}

async fn answer(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        if socket.send(message).await.is_err() {
            return;
        }
    }
}
