//! How a server ends: at a signal, in order, within its time, with handlers that learn of it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::{any, get};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use undrop_server::store::MemoryStore;
use undrop_server::{Config, Message, NotReady, SendError, Session, SessionUpgrade, Sessions};

use crate::support::server::config;
use crate::support::{Client, Raw, Server, Tap, echo, soon};

/// Longer than any test waits.
const HOUR: Duration = Duration::from_secs(3_600);

fn patient() -> Config {
    config().grace(HOUR)
}

/// A server whose handler is this one: when it is shut down, nothing is waited for that takes its grace.
async fn ends_with<F>(handler: impl Fn(Session) -> F + Clone + Send + Sync + 'static)
where
    F: Future<Output = ()> + Send + 'static,
{
    let server = Server::new(patient(), handler).await;
    let mut client = Client::open(server.address, "").await;
    client.recv().await;
    soon("the end", server.sessions.shut_down()).await;
    assert_eq!(server.metric("undrop_sessions"), 0);
}

#[tokio::test]
async fn a_handler_that_sends_in_a_loop_ends_by_what_it_is_told() {
    ends_with(|session: Session| async move {
        while session.send("tick").is_ok() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_handler_that_waits_for_deliveries_in_a_loop_does_not_wait_for_one_that_can_not_come() {
    ends_with(|session: Session| async move { while session.deliver("tick").await.is_ok() {} }).await;
}

#[tokio::test]
async fn a_handler_that_waits_for_something_else_is_told() {
    ends_with(|session: Session| async move {
        session.send("hello").unwrap();
        tokio::select! {
            () = std::future::pending() => {}
            ending = session.ended() => assert_eq!(ending.cause, undrop_server::Cause::Shutdown),
        }
    })
    .await;
}

#[tokio::test]
async fn a_connection_that_has_not_greeted_is_not_waited_for() {
    let server = Server::new(patient().greeting(HOUR), echo).await;
    let connection = Raw::connect(server.address, "", Some("undrop.1")).await.unwrap();
    let (closed, ()) = soon("the end", async { tokio::join!(connection.closed(), server.sessions.shut_down()) }).await;
    assert_eq!(closed, Some((1012, "restart".into())));
}

#[tokio::test]
async fn what_others_have_for_a_session_is_taken_while_its_handler_finishes() {
    let (tap, store) = (Tap::new(), Arc::new(MemoryStore::default()));
    let first = Server::with_store(patient(), store.clone(), tap.handler()).await;
    let mut client = Client::open(first.address, "").await;
    let held = tap.next().await;
    let sender = held.session.sender();
    let sessions = first.sessions.clone();
    let shutdown = tokio::spawn(async move { sessions.shut_down().await });
    sender.ended().await;
    assert_eq!(held.session.send("of the handler"), Err(SendError::Over));
    assert_eq!(held.session.deliver("of the handler").await, Err(SendError::Over));
    sender.send("of another").unwrap();
    drop(held);
    shutdown.await.unwrap();
    let second = Server::with_store(config(), store, echo).await;
    client.connect_until_it_works(second.address).await;
    assert_eq!(client.text().await, "of another");
}

#[tokio::test]
async fn a_handler_is_given_nothing_more_that_the_next_one_receives() {
    let (tap, store) = (Tap::new(), Arc::new(MemoryStore::default()));
    let first = Server::with_store(patient(), store.clone(), tap.handler()).await;
    let mut client = Client::open(first.address, "").await;
    let mut held = tap.next().await;
    for text in ["one", "two"] {
        client.send(text).await;
    }
    client.is_acknowledged().await;
    assert_eq!(held.session.recv().await.unwrap().message, Message::text("one"));
    let (sender, sessions) = (held.session.sender(), first.sessions.clone());
    let shutdown = tokio::spawn(async move { sessions.shut_down().await });
    sender.ended().await;
    assert!(held.session.recv().await.is_none());
    drop(held);
    shutdown.await.unwrap();
    let second = Server::with_store(config(), store, echo).await;
    client.connect_until_it_works(second.address).await;
    assert_eq!([client.text().await, client.text().await], ["one", "two"]);
}

/// An app that is served until it is told to end.
struct Served {
    address: SocketAddr,
    sessions: Sessions,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<std::io::Result<()>>,
}

async fn serve(
    sessions: Sessions,
    app: Router<Sessions>,
    set_up: impl FnOnce(undrop_server::Server) -> undrop_server::Server,
) -> Served {
    let app = app.merge(sessions.health()).with_state(sessions.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let server = set_up(undrop_server::Server::new(sessions.clone())).until(async {
        let _ = stopped.await;
    });
    let ended = tokio::spawn(server.serve(listener, app));
    Served { address, sessions, stop, ended }
}

fn route<F>(handler: impl Fn(Session) -> F + Clone + Send + Sync + 'static) -> Router<Sessions>
where
    F: Future<Output = ()> + Send + 'static,
{
    Router::new().route("/", any(async |upgrade: SessionUpgrade| upgrade.on_session(handler)))
}

/// The status and the body that a path is answered with.
async fn ask(address: SocketAddr, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    soon("an answer", stream.read_to_string(&mut answer)).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

#[tokio::test]
async fn a_server_that_drains_is_not_ready_and_serves_as_before() {
    let served = serve(Sessions::new(config()), route(echo), |server| server.drain(HOUR).stop_within(HOUR)).await;
    assert_eq!(ask(served.address, "/readyz").await, (200, "ready\n".into()));
    served.stop.send(()).unwrap();
    soon("the end of readiness", async {
        while served.sessions.ready().await.is_ok() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(ask(served.address, "/readyz").await, (503, "the server shuts down\n".into()));
    assert_eq!(ask(served.address, "/healthz").await, (200, "alive\n".into()));
    let mut client = Client::open(served.address, "").await;
    client.send("as before").await;
    assert_eq!(client.text().await, "as before");
    assert!(!served.ended.is_finished());
    served.ended.abort();
}

#[tokio::test]
async fn a_server_that_ends_takes_no_connections_tells_its_clients_and_waits_for_the_handlers() {
    let tap = Tap::new();
    let served = serve(Sessions::new(patient()), route(tap.handler()), |server| server.stop_within(HOUR)).await;
    let mut client = Client::open(served.address, "").await;
    let mut held = tap.next().await;
    served.stop.send(()).unwrap();
    assert_eq!(client.closed().await, Some((1012, "restart".into())));
    assert_eq!(held.ends().await.cause, undrop_server::Cause::Shutdown);
    assert!(matches!(served.sessions.ready().await, Err(NotReady::Stopping)));
    assert!(TcpStream::connect(served.address).await.is_err());
    assert!(!served.ended.is_finished());
    drop(held);
    soon("the end", served.ended).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_server_that_ends_finishes_its_requests_and_waits_for_no_idle_connection() {
    let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let slow = {
        let (begun, go_on) = (begun.clone(), go_on.clone());
        async move || {
            begun.notify_one();
            go_on.notified().await;
            "done"
        }
    };
    let app = route(echo).route("/slow", get(slow));
    let served = serve(Sessions::new(config()), app, |server| server.stop_within(HOUR)).await;
    let mut idle = TcpStream::connect(served.address).await.unwrap();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    assert!(idle.read(&mut [0; 1_024]).await.unwrap() > 0);
    let asked = tokio::spawn(ask(served.address, "/slow"));
    begun.notified().await;
    served.stop.send(()).unwrap();
    // The idle one is closed.
    assert_eq!(soon("the end of an idle connection", idle.read(&mut [0; 16])).await.unwrap(), 0);
    assert!(!served.ended.is_finished());
    go_on.notify_one();
    assert_eq!(asked.await.unwrap(), (200, "done".into()));
    soon("the end", served.ended).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_server_ends_within_its_time_whatever_its_handlers_do() {
    let tap = Tap::new();
    let limit = Duration::from_millis(50);
    let served = serve(Sessions::new(patient()), route(tap.handler()), |server| server.stop_within(limit)).await;
    let _client = Client::open(served.address, "").await;
    let _held = tap.next().await;
    served.stop.send(()).unwrap();
    soon("the end", served.ended).await.unwrap().unwrap();
    let text = served.sessions.metrics().render();
    let left: u64 = text
        .lines()
        .filter_map(|line| line.strip_prefix("undrop_sessions{")?.split(' ').next_back()?.parse::<u64>().ok())
        .sum();
    assert_eq!(left, 1, "{text}");
}

#[tokio::test]
async fn a_server_with_several_kinds_of_sessions_ends_all_of_them() {
    let other = Sessions::new(config());
    let app = route(echo).route("/other", any(async |upgrade: SessionUpgrade| upgrade.on_session(echo)));
    let shut = other.clone();
    let served = serve(Sessions::new(config()), app, |server| server.and(shut)).await;
    served.stop.send(()).unwrap();
    soon("the end", served.ended).await.unwrap().unwrap();
    assert!(matches!(other.ready().await, Err(NotReady::Stopping)));
}

#[cfg(feature = "redis")]
#[tokio::test]
async fn a_server_is_ready_while_its_store_answers() {
    let mut redis = crate::support::redis::Redis::start().await;
    let sessions = Sessions::builder(config()).store(redis.store()).build();
    let served = serve(sessions, route(echo), |server| server).await;
    assert_eq!(ask(served.address, "/readyz").await.0, 200);
    redis.kill().await;
    assert_eq!(ask(served.address, "/readyz").await, (503, "the store does not answer\n".into()));
    assert_eq!(ask(served.address, "/healthz").await.0, 200);
}
