//! A client that runs the protocol's own core.

use std::collections::VecDeque;
use std::net::SocketAddr;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::time::{Instant, sleep_until};
use undrop::core::outbox::{Bounds, Fate};
use undrop::core::session::{Guest, Heard, Output, Session as Core};
use undrop::core::wire::{self, Control};
use undrop::core::{Epoch, Millis};
use undrop_server::Message;

use super::raw::{Frame, Raw};
use super::soon;

pub struct Client {
    address: SocketAddr,
    path: String,
    core: Core<Message, Guest>,
    line: Option<Raw>,
    epoch: u32,
    begun: Instant,
    inbox: VecDeque<(u64, Message)>,
    /// What came back.
    pub returned: Vec<(Message, Fate)>,
    /// How many fresh sessions it was given.
    pub opened: u32,
    /// How many lines resumed one.
    pub resumed: u32,
}

impl Client {
    /// One that has yet to dial.
    pub fn new(address: SocketAddr, path: &str) -> Self {
        Self {
            address,
            path: path.to_owned(),
            core: Core::<_, Guest>::new(Bounds::default()),
            line: None,
            epoch: 0,
            begun: Instant::now(),
            inbox: VecDeque::new(),
            returned: Vec::new(),
            opened: 0,
            resumed: 0,
        }
    }

    /// One with a session.
    pub async fn open(address: SocketAddr, path: &str) -> Self {
        let mut client = Self::new(address, path);
        client.dial().await;
        client
    }

    /// Opens a line and waits until messages flow.
    pub async fn dial(&mut self) {
        let line = Raw::dial(self.address, &self.path, Some(wire::PROTOCOL)).await.expect("a line");
        self.greet(line).await;
        soon("the server's greeting", async {
            while !self.core.is_live() {
                self.step().await.expect("a greeting");
            }
        })
        .await;
    }

    /// The same, for which the server may not be there yet.
    pub async fn dial_until_it_works(&mut self, address: SocketAddr) {
        self.address = address;
        soon("a line that lives", async {
            loop {
                if let Ok(line) = Raw::dial(self.address, &self.path, Some(wire::PROTOCOL)).await {
                    self.greet(line).await;
                    while !self.core.is_live() && self.step().await.is_ok() {}
                    if self.core.is_live() {
                        return;
                    }
                }
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    async fn greet(&mut self, line: Raw) {
        self.lose();
        self.epoch += 1;
        self.line = Some(line);
        self.core.handle_opened(Epoch(self.epoch));
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
                    panic!("the line is gone: {close:?}");
                }
            }
        })
        .await
    }

    /// The next message's text.
    pub async fn text(&mut self) -> String {
        self.recv().await.1.as_text().expect("a text").to_owned()
    }

    /// The next message, or the line's end.
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
            Some(_) => self.step().await.expect("a line"),
            None => tokio::task::yield_now().await,
        }
    }

    /// Waits until the server has all that was sent.
    pub async fn is_acknowledged(&mut self) {
        soon("an acknowledgement", async {
            while self.core.unacknowledged() > 0 {
                self.step().await.expect("a line");
            }
        })
        .await;
    }

    /// Waits until the line ends, and says how.
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

    /// Gives the line up, which stays open.
    pub fn abandon(&mut self) -> Raw {
        let line = self.line.take().expect("a line");
        self.lose();
        line
    }

    /// The same client once more, without a line.
    pub fn copy(&self) -> Self {
        self.copy_to(self.address)
    }

    /// The same, for another server.
    pub fn copy_to(&self, address: SocketAddr) -> Self {
        let mut copy = Self { core: self.core.clone(), ..Self::new(address, &self.path) };
        copy.epoch = self.epoch;
        copy.opened = self.opened;
        copy.core.handle_lost(Epoch(copy.epoch));
        copy
    }

    /// Opens a line that may be lost again before messages flow.
    pub async fn try_dial(&mut self) {
        if let Ok(line) = Raw::dial(self.address, &self.path, Some(wire::PROTOCOL)).await {
            self.greet(line).await;
            soon("a greeting or a close", async { while !self.core.is_live() && self.step().await.is_ok() {} }).await;
        }
    }

    /// Drops the line without a word.
    pub fn cut(&mut self) {
        if let Some(line) = self.line.take() {
            line.reset();
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
        self.line = None;
    }

    /// Its secret.
    pub fn token(&self) -> wire::Token {
        self.core.welcome().expect("a welcome").token
    }

    pub fn welcome(&self) -> wire::Welcome {
        *self.core.welcome().expect("a welcome")
    }

    fn now(&self) -> Millis {
        Millis(self.begun.elapsed().as_millis() as u64)
    }

    fn lose(&mut self) {
        self.line = None;
        self.core.handle_lost(Epoch(self.epoch));
    }

    /// Waits for the next thing that happens. Says how the line ended, if it did.
    async fn step(&mut self) -> Result<(), Option<(u16, String)>> {
        self.flush().await;
        let alarm = self.core.poll_timeout().map(|at| self.begun + std::time::Duration::from_millis(at.0));
        let Some(line) = &mut self.line else { return Err(None) };
        let frame = tokio::select! {
            frame = line.next() => frame,
            () = sleep_until(alarm.unwrap_or(self.begun)), if alarm.is_some() => {
                self.core.handle_timeout(self.now());
                self.flush().await;
                return Ok(());
            }
        };
        let (now, epoch) = (self.now(), Epoch(self.epoch));
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
                    match self.core.handle_control(now, epoch, control).expect("a server that keeps to the protocol") {
                        Heard::Opened => self.opened += 1,
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
        let number = self.core.handle_message(Epoch(self.epoch), bytes).expect("a server that keeps to the protocol");
        if let Some(number) = number {
            self.core.take(now, number);
            self.inbox.push_back((number, message));
        }
    }

    async fn flush(&mut self) {
        while let Some(output) = self.core.poll() {
            let frame = match output {
                Output::Return(returned) => {
                    self.returned.push((returned.message, returned.fate));
                    continue;
                }
                Output::Control(_, control) => Frame::Text(control.to_text()),
                Output::Transmit(_, Message::Text(text)) => Frame::Text(wire::escape(&text).into_owned()),
                Output::Transmit(_, Message::Binary(bytes)) => Frame::Binary(bytes.to_vec()),
            };
            if let Some(line) = &mut self.line {
                line.feed(frame).await;
            }
        }
        if let Some(line) = &mut self.line {
            line.flush().await;
        }
    }
}

impl Raw {
    async fn feed(&mut self, frame: Frame) {
        // A line that is gone swallows what it is given.
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
