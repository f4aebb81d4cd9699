//! Many clients in one process, each from an address of its own, with a session in which it sends messages that come back.
//!
//! Prints as JSON how many seconds they took to begin their sessions, all together. At the next line of its standard input they
//! send their messages, of which each has a few on their way at a time, and it prints how many seconds that took.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Instant;

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use futures_util::{SinkExt as _, future};
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::crowd::{ACKNOWLEDGE_EVERY, CONNECTING, ESCAPE, begin_session, print, request};

type Socket = WebSocketStream<TcpStream>;

/// How many messages of a client are on their way at a time.
const WINDOW: usize = 4;
/// The bytes of a message.
const SIZE: usize = 100;

pub async fn run(url: &str, count: u16, messages: usize) -> Result<(), String> {
    let begun = Instant::now();
    let sockets = stream::iter(0..count).map(|number| connect(url, number)).buffer_unordered(CONNECTING);
    let sockets: Vec<_> = sockets.try_collect().await.map_err(|error| error.to_string())?;
    print_seconds(begun)?;
    let mut input = BufReader::new(tokio::io::stdin());
    input.read_line(&mut String::new()).await.map_err(|error| error.to_string())?;
    let begun = Instant::now();
    let tasks = sockets.into_iter().map(|socket| tokio::spawn(converse(socket, messages)));
    let ended = future::try_join_all(tasks).await.map_err(|error| error.to_string())?;
    let _sockets: Vec<_> = ended.into_iter().collect::<Result<_, _>>().map_err(|error| error.to_string())?;
    print_seconds(begun)?;
    tokio::io::copy(&mut input, &mut tokio::io::sink()).await.map_err(|error| error.to_string())?;
    Ok(())
}

async fn connect(url: &str, number: u16) -> Result<Socket, Error> {
    let request = request(url, true)?;
    let host = request.uri().authority().map_or("", |authority| authority.as_str());
    let server = lookup_host(host).await?.find(SocketAddr::is_ipv4).ok_or(Error::ConnectionClosed)?;
    let socket = TcpSocket::new_v4()?;
    let [high, low] = number.to_be_bytes();
    socket.bind((Ipv4Addr::new(127, 1, high, low), 0).into())?;
    let stream = socket.connect(server).await?;
    stream.set_nodelay(true)?;
    let (mut socket, _) = client_async(request, stream).await?;
    begin_session(&mut socket).await?;
    Ok(socket)
}

async fn converse(mut socket: Socket, messages: usize) -> Result<Socket, Error> {
    let message = || Message::text(".".repeat(SIZE));
    let mut sent = WINDOW.min(messages);
    for _ in 0..sent {
        socket.feed(message()).await?;
    }
    socket.flush().await?;
    let mut received = 0;
    while received < messages {
        let Message::Text(text) = socket.next().await.ok_or(Error::ConnectionClosed)?? else { continue };
        if text.starts_with(ESCAPE) {
            continue;
        }
        received += 1;
        if received % ACKNOWLEDGE_EVERY == 0 {
            socket.feed(Message::text(format!("{ESCAPE}ack {received}"))).await?;
        }
        if sent < messages {
            sent += 1;
            socket.feed(message()).await?;
        }
        socket.flush().await?;
    }
    Ok(socket)
}

fn print_seconds(begun: Instant) -> Result<(), String> {
    print(&json!({ "seconds": begun.elapsed().as_secs_f64() }).to_string())
}
