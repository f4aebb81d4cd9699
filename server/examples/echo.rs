//! `echo [--port N] [--redis URL] [--time-to-live MS] [--spread MS] [--origins any|same] [--proxies N] [--log DIRECTIVES]`: a server
//! for the tests of the ends together.
//!
//! | route | what it serves |
//! |---|---|
//! | `/echo` | sessions that answer each message with itself |
//! | `/count?down=N&pause=MS` | sessions that give a receipt for what they get, and send numbers of their own |
//! | `/plain/echo` | connections without a session that do the same as `/echo`, to compare with |
//! | `/` | an empty page, for a browser that is to have the origin of this server |
//! | `/metrics` | what is counted |
//! | `/healthz`, `/readyz` | whether it is alive, and ready |
//!
//! It prints `listening ws://...` and runs until its standard input ends, or SIGTERM or SIGINT comes; then it shuts down. One
//! that is killed loses nothing with `--redis`.
//!
//! `--proxies 1` is for one proxy in front, which appends to `X-Forwarded-For`. With `--log`, such as `info` or
//! `warn,undrop_server=trace`, it logs to its standard error.
//!
//! On `/count` each text that the server sends begins with its number, counted from 1 over the whole session, and there are N
//! of them at least. Some are receipts, `NUMBER < TEXT`: each is committed in one step with the message of that text. So the
//! receipts say what the handlers did, on whichever nodes they ran, and a client finds there what was lost, came twice or
//! came out of order on its way up. The others are a number alone, with a pause after each 64 of them. The client's `end`
//! is answered with `NUMBER = COUNT`, how many came before it, once N are on their way.

use std::process::exit;
use std::time::Duration;

use axum::Router;
use axum::extract::ws::{Message as PlainMessage, WebSocketUpgrade};
use axum::response::{Html, Response};
use axum::routing::{any, get};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;
use tokio::time::sleep;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::{Layer as _, layer::SubscriberExt as _, util::SubscriberInitExt as _};
use undrop_server::store::{MemoryStore, RedisStore};
use undrop_server::{
    Config, Metrics, Origins, Proxies, SendError, Server, Session, SessionUpgrade, Sessions, Spread, until_signal,
};

const USAGE: &str = "usage: echo [--port N] [--redis URL] [--time-to-live MS] [--spread MS] [--origins any|same] \
                     [--proxies N] [--log DIRECTIVES]";

struct Options {
    port: u16,
    redis: Option<String>,
    config: Config,
}

#[tokio::main]
async fn main() -> ! {
    let outcome = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => run(options).await,
        Err(complaint) => Err(format!("{complaint}\n{USAGE}")),
    };
    if let Err(complaint) = &outcome {
        eprintln!("{complaint}");
    }
    // The runtime would wait for the thread that reads standard input, which may never end.
    exit(i32::from(outcome.is_err()))
}

impl Options {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let (mut port, mut redis, mut config) = (0, None, Config::default().origins(Origins::Any));
        while let Some(argument) = arguments.next() {
            let value = arguments.next().ok_or(format!("{argument} needs a value"))?;
            let number = || value.parse().map_err(|_| format!("{argument} {value}: not a number"));
            match argument.as_str() {
                "--port" => port = number()?,
                "--time-to-live" => config = config.time_to_live(Duration::from_millis(number()?.into())),
                "--spread" => config = config.spread(Spread::Fixed(Duration::from_millis(number()?.into()))),
                "--origins" => {
                    config = config.origins(match value.as_str() {
                        "any" => Origins::Any,
                        "same" => Origins::Same,
                        _ => return Err(format!("--origins {value}: neither any nor same")),
                    })
                }
                "--proxies" => config = config.proxies(Proxies::XForwardedFor(number()?.into())),
                "--redis" => redis = Some(value),
                "--log" => log(&value)?,
                _ => return Err(format!("unknown argument {argument:?}")),
            }
        }
        Ok(Self { port, redis, config })
    }
}

/// Logs what these directives say, of this crate and of all below it.
fn log(directives: &str) -> Result<(), String> {
    let filter: Targets = directives.parse().map_err(|error| format!("--log {directives}: {error}"))?;
    let lines = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(std::io::stderr);
    tracing_subscriber::registry().with(lines.with_filter(filter)).init();
    Ok(())
}

async fn run(options: Options) -> Result<(), String> {
    let Options { port, redis, config } = options;
    let sessions = |kind: &str| -> Result<Sessions, String> {
        let builder = Sessions::builder(config.clone()).name(kind);
        Ok(match &redis {
            None => builder.store(MemoryStore::default()),
            Some(url) => {
                let store = RedisStore::new(url).map_err(|error| error.to_string())?;
                // It is not checked: some tests start it before their Redis answers.
                builder.store(store.with_prefix(format!("undrop:{kind}:")))
            }
        }
        .build())
    };
    let (echoes, counts) = (sessions("echo")?, sessions("count")?);
    let metrics = {
        let (echoes, counts) = (echoes.clone(), counts.clone());
        move || async move { Metrics::render_all([echoes.metrics(), counts.metrics()]) }
    };
    let app = Router::new()
        .route("/echo", any(serve_echo).with_state(echoes.clone()))
        .route("/count", any(serve_count).with_state(counts.clone()))
        .route("/plain/echo", any(serve_plain_echo))
        .route("/", get(Html("<!doctype html><title>echo</title>")))
        .route("/metrics", get(metrics))
        .merge(echoes.health());
    let cannot_listen = |error| format!("cannot listen on 127.0.0.1:{port}: {error}");
    let listener = TcpListener::bind(("127.0.0.1", port)).await.map_err(cannot_listen)?;
    let address = listener.local_addr().map_err(cannot_listen)?;
    println!("listening ws://{address}");
    let stopped = async {
        tokio::select! {
            () = input_ends() => {}
            () = until_signal() => {}
        }
    };
    let server = Server::new(echoes).and(counts).until(stopped);
    server.serve(listener, app).await.map_err(|error| error.to_string())
}

async fn input_ends() {
    let mut input = tokio::io::stdin();
    while !matches!(input.read(&mut [0; 64]).await, Ok(0) | Err(_)) {}
}

async fn serve_echo(upgrade: SessionUpgrade) -> Response {
    upgrade.on_session(echo)
}

async fn echo(mut session: Session) {
    while let Some(received) = session.recv().await {
        // Both or neither: the message is done with, and its answer on the way.
        if received.commit_with([received.message.clone()]).await.is_err() {
            return;
        }
    }
}

async fn serve_count(upgrade: SessionUpgrade) -> Response {
    let number = |name| upgrade.handshake().query(name).and_then(|number| number.parse().ok()).unwrap_or(0);
    let (down, pause) = (number("down"), Duration::from_millis(number("pause")));
    upgrade.on_session(move |session| count(session, down, pause))
}

async fn count(mut session: Session, down: u64, pause: Duration) {
    let sender = session.sender();
    // Whoever sends next sends this number, because nothing else runs between the question and the sending.
    let next = || sender.sent() + 1;
    let numbers = async {
        for turn in 1.. {
            if sender.sent() >= down {
                return;
            }
            let number = next().to_string();
            // Each so many it waits for the client to keep up.
            let result = if turn % 64 == 0 { sender.deliver(number).await } else { sender.send(number) };
            match result {
                Ok(()) if turn % 64 == 0 => sleep(pause).await,
                Ok(()) => tokio::task::yield_now().await,
                Err(SendError::Full) => sleep(Duration::from_millis(1)).await,
                Err(_) => return,
            }
        }
    };
    let all_are_sent = async {
        tokio::select! {
            () = numbers => {}
            _ = sender.ended() => {}
        }
    };
    let all_are_received = async {
        while let Some(received) = session.recv().await {
            let text = received.message.as_text().unwrap_or_default();
            let committed = if text == "end" {
                while sender.sent() < down {
                    tokio::select! {
                        () = sleep(Duration::from_millis(1)) => {}
                        // The next handler receives it again.
                        _ = sender.ended() => return,
                    }
                }
                received.commit_with([format!("{} = {}", next(), received.number - 1)]).await
            } else {
                received.commit_with([format!("{} < {text}", next())]).await
            };
            if committed.is_err() {
                return;
            }
        }
    };
    tokio::join!(all_are_sent, all_are_received);
}

async fn serve_plain_echo(upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(|mut socket| async move {
        while let Some(Ok(message)) = socket.recv().await {
            let is_message = matches!(message, PlainMessage::Text(_) | PlainMessage::Binary(_));
            if is_message && socket.send(message).await.is_err() {
                return;
            }
        }
    })
}
