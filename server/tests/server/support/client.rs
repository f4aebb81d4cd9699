//! A client that runs the protocol crate's session.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use sha2::{Digest as _, Sha256};
use tokio::time::{Instant, sleep_until};
use undrop_proto::outbox::Bounds;
use undrop_proto::session::{self, Heard, Output, Session as Core};
use undrop_proto::wire::{self, Control};
use undrop_proto::{Attempt, Millis, Outcome};
use undrop_server::{Message, SessionId};

use super::raw::{Frame, Raw};
use super::soon;

/// How long a client waits before it tries again.
const PAUSE: Duration = Duration::from_millis(20);

pub struct Client {
    address: SocketAddr,
    path: String,
    core: Core<Message, session::Client>,
    connection: Option<Raw>,
    attempt: u32,
    begun: Instant,
    inbox: VecDeque<(u64, Message)>,
    /// The messages that were not delivered, with their outcome.
    pub returned: Vec<(Message, Outcome)>,
    /// How many fresh sessions it was given.
    pub opened: u32,
    /// How many connections resumed one.
    pub resumed: u32,
}

impl Client {
    /// A client that is not connected yet.
    pub fn new(address: SocketAddr, path: &str) -> Self {
        Self {
            address,
            path: path.to_owned(),
            core: Core::<_, session::Client>::new(Bounds::default()),
            connection: None,
            attempt: 0,
            begun: Instant::now(),
            inbox: VecDeque::new(),
            returned: Vec::new(),
            opened: 0,
            resumed: 0,
        }
    }

    /// A client with a session.
    pub async fn open(address: SocketAddr, path: &str) -> Self {
        let mut client = Self::new(address, path);
        client.connect().await;
        client
    }

    /// Connects and waits until messages flow.
    pub async fn connect(&mut self) {
        let connection = Raw::connect(self.address, &self.path, Some(wire::PROTOCOL)).await.expect("a connection");
        self.greet(connection).await;
        soon("the server's greeting", async {
            while !self.core.is_live() {
                self.step().await.expect("a greeting");
            }
        })
        .await;
    }

    /// The same, for a server that may not be there yet.
    pub async fn connect_until_it_works(&mut self, address: SocketAddr) {
        self.address = address;
        soon("a connection that lives", async {
            loop {
                if let Ok(connection) = Raw::connect(self.address, &self.path, Some(wire::PROTOCOL)).await {
                    self.greet(connection).await;
                    while !self.core.is_live() && self.step().await.is_ok() {}
                    if self.core.is_live() {
                        return;
                    }
                }
                // As a client has to: without pauses it runs out of handshakes, and of ports.
                tokio::time::sleep(PAUSE).await;
            }
        })
        .await;
    }

    async fn greet(&mut self, connection: Raw) {
        self.lose();
        self.attempt += 1;
        self.connection = Some(connection);
        self.core.handle_opened(Attempt(self.attempt));
        self.flush().await;
    }

    pub async fn send(&mut self, message: impl Into<Message>) {
        let message = message.into();
        let bytes = message.len() as u64;
        self.core.send(self.now(), message, bytes, None).expect("room");
        self.flush().await;
    }

    /// The next message and its number.
    pub async fn recv(&mut self) -> (u64, Message) {
        soon("a message", async {
            loop {
                if let Some(received) = self.inbox.pop_front() {
                    return received;
                }
                if let Err(close) = self.step().await {
                    panic!("the connection is gone: {close:?}");
                }
            }
        })
        .await
    }

    /// The next message's text.
    pub async fn text(&mut self) -> String {
        self.recv().await.1.as_text().expect("a text").to_owned()
    }

    /// The next message, or the connection's end.
    pub async fn try_recv(&mut self) -> Option<(u64, Message)> {
        soon("a message", async {
            while self.inbox.is_empty() {
                self.step().await.ok()?;
            }
            self.inbox.pop_front()
        })
        .await
    }

    /// Does what is due, if anything is.
    pub async fn idle(&mut self) {
        let alarm = self.core.poll_timeout();
        match alarm {
            Some(_) => self.step().await.expect("a connection"),
            None => tokio::task::yield_now().await,
        }
    }

    /// Waits until the server has all that was sent.
    pub async fn is_acknowledged(&mut self) {
        soon("an acknowledgement", async {
            while self.core.unacknowledged() > 0 {
                self.step().await.expect("a connection");
            }
        })
        .await;
    }

    /// Waits until the connection ends, and says how.
    pub async fn closed(&mut self) -> Option<(u16, String)> {
        soon("a close", async {
            loop {
                if let Err(close) = self.step().await {
                    return close;
                }
            }
        })
        .await
    }

    /// Leaves the connection open without using it any more.
    pub fn abandon(&mut self) -> Raw {
        let connection = self.connection.take().expect("a connection");
        self.lose();
        connection
    }

    /// The client, without a connection, after so many connections that nobody has heard of. It goes to this server next.
    pub fn copy_to(&self, address: SocketAddr, connections: u32) -> Self {
        let mut copy = Self { core: self.core.clone(), ..Self::new(address, &self.path) };
        copy.opened = self.opened;
        copy.core.handle_lost(Attempt(self.attempt));
        copy.attempt = self.attempt + connections;
        copy
    }

    /// Connects, though the connection may be lost again before messages flow.
    pub async fn try_connect(&mut self) {
        if let Ok(connection) = Raw::connect(self.address, &self.path, Some(wire::PROTOCOL)).await {
            self.greet(connection).await;
            soon("a greeting or a close", async { while !self.core.is_live() && self.step().await.is_ok() {} }).await;
        }
    }

    /// Drops the connection without a close frame.
    pub fn cut(&mut self) {
        if let Some(connection) = self.connection.take() {
            connection.reset();
        }
        self.lose();
    }

    pub async fn end(&mut self) {
        self.core.end();
        self.flush().await;
        soon("the end", async {
            while !self.core.is_over() {
                self.step().await.expect("an end");
            }
        })
        .await;
        self.connection = None;
    }

    /// The session's token.
    pub fn token(&self) -> wire::Token {
        self.core.token().expect("a session")
    }

    /// The id under which servers know the session.
    pub fn session(&self) -> SessionId {
        let digest = Sha256::digest(self.token().0.to_be_bytes());
        SessionId::from_bytes(digest[..16].try_into().unwrap())
    }

    pub fn terms(&self) -> wire::Terms {
        self.core.terms().expect("a welcome")
    }

    fn now(&self) -> Millis {
        Millis(self.begun.elapsed().as_millis() as u64)
    }

    fn lose(&mut self) {
        self.connection = None;
        self.core.handle_lost(Attempt(self.attempt));
    }

    /// Waits for the next thing that happens. Says how the connection ended, if it did.
    async fn step(&mut self) -> Result<(), Option<(u16, String)>> {
        self.flush().await;
        let alarm = self.core.poll_timeout().map(|at| self.begun + std::time::Duration::from_millis(at.0));
        let Some(connection) = &mut self.connection else { return Err(None) };
        let frame = tokio::select! {
            frame = connection.next() => frame,
            () = sleep_until(alarm.unwrap_or(self.begun)), if alarm.is_some() => {
                self.core.handle_timeout(self.now());
                self.flush().await;
                return Ok(());
            }
        };
        let (now, attempt) = (self.now(), Attempt(self.attempt));
        match frame {
            Frame::Closed(close) => {
                self.lose();
                self.flush().await;
                return Err(close);
            }
            Frame::Text(text) => match wire::unescape(&text) {
                Some(text) => self.take(Message::text(text)),
                None => {
                    let control = Control::decode(text.bytes()).expect("a control frame");
                    match self.core.handle_control(now, attempt, control).expect("a server that keeps to the protocol")
                    {
                        Heard::Opened(_) => self.opened += 1,
                        Heard::Resumed => self.resumed += 1,
                        _ => {}
                    }
                }
            },
            Frame::Binary(bytes) => self.take(Message::binary(bytes)),
        }
        self.flush().await;
        Ok(())
    }

    fn take(&mut self, message: Message) {
        let (now, bytes) = (self.now(), message.len() as u64);
        let number =
            self.core.handle_message(Attempt(self.attempt), bytes).expect("a server that keeps to the protocol");
        if let Some(number) = number {
            self.core.take(now, number);
            self.inbox.push_back((number, message));
        }
    }

    async fn flush(&mut self) {
        while let Some(output) = self.core.poll() {
            let frame = match output {
                Output::Settle(settled) if settled.outcome == Outcome::Delivered => continue,
                Output::Settle(settled) => {
                    self.returned.push((settled.message, settled.outcome));
                    continue;
                }
                Output::Control(_, control) => Frame::Text(control.to_text()),
                Output::Transmit(_, Message::Text(text)) => Frame::Text(wire::escape(&text).into_owned()),
                Output::Transmit(_, Message::Binary(bytes)) => Frame::Binary(bytes.to_vec()),
            };
            if let Some(connection) = &mut self.connection {
                connection.feed(frame).await;
            }
        }
        if let Some(connection) = &mut self.connection {
            connection.flush().await;
        }
    }
}

impl Raw {
    async fn feed(&mut self, frame: Frame) {
        // A connection that is gone swallows what it is given.
        let _ = self.socket.feed(frame.into()).await;
    }

    async fn flush(&mut self) {
        let _ = self.socket.flush().await;
    }

    /// The next frame.
    pub async fn next(&mut self) -> Frame {
        loop {
            if let Some(frame) = Frame::of(self.socket.next().await) {
                return frame;
            }
        }
    }
}
