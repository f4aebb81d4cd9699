//! Any bytes, turned on the decoder and on both ends. The fuzz targets in fuzz/ are these two functions; what they once
//! found is replayed by the tests.

use std::collections::{BTreeMap, VecDeque};

use undrop_proto::outbox::Bounds;
use undrop_proto::server::Known;
use undrop_proto::session::{Client, Heard, NotResumed, Output, Request, Role, Server, Session, Stored};
use undrop_proto::wire::{self, Control, Terms, Token, Welcome};
use undrop_proto::{Attempt, MessageId, Millis, Outcome};

/// Reads the bytes as a frame, as UTF-8 and as UTF-16.
pub fn decode(bytes: &[u8]) {
    let units = bytes.chunks(2).map(|pair| u16::from_le_bytes([pair[0], pair.get(1).copied().unwrap_or(0)]));
    let _ = Control::decode(units);
    let read = Control::decode(bytes.iter().copied());
    if let Ok(control) = read {
        assert_eq!(control.to_text().as_bytes(), bytes, "a frame has one spelling");
        assert!(bytes.len() <= Control::LONGEST);
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    assert_eq!(Control::decode(text.encode_utf16()), read, "both encodings are read alike");
    assert_eq!(wire::unescape(&wire::escape(text)), Some(text));
    if read.is_ok() {
        assert_eq!(wire::unescape(text), None, "a control frame is no message");
    }
}

/// Has things happen to both ends, one for each of the first bytes: the low half says what, the high half with what.
///
/// | low half | what happens | what follows |
/// |---|---|---|
/// | 0, 1 | a text frame reaches the server, the client | its length and its bytes |
/// | 2, 3 | a binary frame does | its size |
/// | 4, 5 | what the peer said first reaches the server, the client | |
/// | 6, 7 | the server, the client sends | its size, its time to live |
/// | 8, 9 | the server, the client takes | how many |
/// | 10, 11 | the server, the client loses its connection | |
/// | 12 | the client's next connection is open | |
/// | 13 | time goes by | how much |
/// | 14 | the high half says: an end ends, withdraws, the server is stored and restored, whole or half | |
/// | 15 | an ack, near to the truth or far from it, reaches an end | a distance |
pub fn frames(bytes: &[u8]) {
    let mut bytes = bytes.iter().copied();
    let mut attack = Attack::new();
    while let Some(first) = bytes.next() {
        attack.step(first & 15, first >> 4, &mut bytes);
    }
    attack.close();
}

const BOUNDS: Bounds = Bounds { messages: 8, bytes: 1_000 };
const TERMS: Terms = Terms { spread: 1, largest: 200 };

struct Attack {
    now: Millis,
    attempt: Attempt,
    client: Side<Client>,
    server: Option<Side<Server>>,
    sessions: u128,
    /// The last message that was sent.
    next: u32,
}

struct Side<E> {
    session: Session<u32, E>,
    /// What it said, and nobody has heard.
    said: VecDeque<Said>,
    /// What it was sent, and has not come back.
    held: BTreeMap<MessageId, u32>,
    told: u64,
    /// The message that was sent last.
    last: MessageId,
}

enum Said {
    Message,
    Control(Control),
}

impl Attack {
    fn new() -> Self {
        let client = Side::new(Session::<u32, Client>::new(BOUNDS));
        Self { now: Millis(0), attempt: Attempt(0), client, server: None, sessions: 0, next: 0 }
    }

    fn step(&mut self, what: u8, with: u8, rest: &mut impl Iterator<Item = u8>) {
        let mut number = || u64::from(rest.next().unwrap_or(0));
        // Most frames come on the present connection, some on another.
        let attempt = if with == 15 { Attempt(self.attempt.0.wrapping_sub(1)) } else { self.attempt };
        match what {
            0 | 1 => {
                let length = number() as usize;
                let text: Vec<u8> = rest.take(length).collect();
                let text = String::from_utf8_lossy(&text);
                match wire::unescape(&text) {
                    Some(_) => self.message(what == 0, attempt, text.len() as u64),
                    None => match Control::decode(text.encode_utf16()) {
                        Ok(control) => self.control(what == 0, attempt, control),
                        Err(_) => self.malformed(what == 0, attempt),
                    },
                }
            }
            2 | 3 => self.message(what == 2, attempt, number()),
            4 => match self.client.said.pop_front() {
                Some(Said::Message) => self.message(true, attempt, 1),
                Some(Said::Control(control)) => self.control(true, attempt, control),
                None => {}
            },
            5 => match self.server.as_mut().and_then(|server| server.said.pop_front()) {
                Some(Said::Message) => self.message(false, attempt, 1),
                Some(Said::Control(control)) => self.control(false, attempt, control),
                None => {}
            },
            6 | 7 => {
                self.next += 1;
                let (size, span) = (number(), number() as u32);
                let time_to_live = (span > 0).then_some(span);
                if what == 7 {
                    self.client.send(self.now, self.next, size, time_to_live);
                } else if let Some(server) = &mut self.server {
                    server.send(self.now, self.next, size, time_to_live);
                }
            }
            8 | 9 => {
                let count = number();
                if what == 9 {
                    self.client.session.take(self.now, count);
                } else if let Some(server) = &mut self.server {
                    server.session.take(self.now, count);
                }
            }
            10 => {
                if let Some(server) = &mut self.server {
                    server.session.handle_lost(attempt);
                }
            }
            11 => self.client.session.handle_lost(attempt),
            12 => {
                self.attempt = Attempt(self.attempt.0 + 1);
                self.client.said.clear();
                self.client.session.handle_opened(self.attempt);
            }
            13 => {
                self.now = Millis(self.now.0 + number() * 10);
                self.client.session.handle_timeout(self.now);
                if let Some(server) = &mut self.server {
                    server.session.handle_timeout(self.now);
                }
            }
            14 => self.want(with),
            _ => {
                let distance = number();
                if with & 1 == 0 {
                    let received = self.client.session.acknowledged().wrapping_add(distance).wrapping_sub(2);
                    self.control(false, attempt, Control::Ack { received });
                } else if let Some(server) = &self.server {
                    let received = server.session.acknowledged().wrapping_add(distance).wrapping_sub(2);
                    self.control(true, attempt, Control::Ack { received });
                }
            }
        }
        self.client.drain();
        if let Some(server) = &mut self.server {
            server.drain();
        }
    }

    fn want(&mut self, with: u8) {
        match (with, &mut self.server) {
            (0, _) => self.client.session.end(),
            (1, Some(server)) => server.session.end(),
            (2, _) => self.client.withdraw(0),
            (6, _) => self.client.withdraw(1),
            (7, Some(server)) => server.withdraw(0),
            (3, _) => self.client.session.break_off(),
            (4 | 8, Some(server)) => {
                // The store may have lost a part.
                let kept = |count: u64| if with == 8 { count / 2 } else { count };
                let (acknowledged, taken) = (server.session.acknowledged(), kept(server.session.taken()));
                let count = kept(server.held.len() as u64) as usize;
                let held: Vec<u32> = server.held.values().copied().take(count).collect();
                let messages = held.iter().map(|message| (*message, 1));
                let attempt = kept(server.session.resumed().into()) as u32;
                let stored = Stored { acknowledged, messages, taken, attempt };
                let session = Session::<u32, Server>::restore(BOUNDS, welcome(self.sessions), stored);
                let mut restored = Side::new(session);
                restored.held.extend((1..).map(MessageId).zip(held));
                restored.last = restored.held.last_key_value().map_or(MessageId(0), |(id, _)| *id);
                restored.told = taken;
                self.server = Some(restored);
            }
            (5, server) => *server = None,
            _ => {}
        }
    }

    fn message(&mut self, to_server: bool, attempt: Attempt, bytes: u64) {
        if !to_server {
            let _ = self.client.session.handle_message(attempt, bytes);
        } else if let Some(server) = &mut self.server {
            let _ = server.session.handle_message(attempt, bytes);
        }
    }

    fn control(&mut self, to_server: bool, attempt: Attempt, control: Control) {
        if !to_server {
            match self.client.session.handle_control(self.now, attempt, control) {
                Ok(Heard::Opened(_)) => self.client.told = 0,
                Ok(Heard::Lost) => assert_eq!(self.client.session.attempt(), None, "what was lost is left"),
                _ => {}
            }
            return;
        }
        let on_it = |server: &&mut Side<Server>| server.session.attempt() == Some(attempt);
        if let Some(server) = self.server.as_mut().filter(on_it) {
            let _ = server.session.handle_control(self.now, attempt, control);
            return;
        }
        let mut lost = false;
        let Ok(request) = Request::try_from(control) else { return };
        if let (Request::Resume { token, known }, Some(server)) = (request, &mut self.server)
            && token == server.session.token()
        {
            let before = server.session.clone();
            let resumed = server.session.handle_resume(self.now, attempt, known, TERMS);
            if resumed.is_err() {
                assert_eq!(server.session, before, "what is impossible changes nothing");
            }
            match resumed {
                Ok(_) => return server.said.clear(),
                Err(NotResumed::Late | NotResumed::Past) => return,
                Err(why) => lost = why == NotResumed::Lost,
            }
        }
        self.sessions += 1;
        let welcome = Welcome { lost, ..welcome(self.sessions) };
        self.server = Some(Side::new(match request {
            Request::New => Session::<u32, Server>::new(BOUNDS, welcome, attempt),
            Request::Resume { .. } => Session::<u32, Server>::instead(BOUNDS, welcome, attempt),
        }));
    }

    fn malformed(&mut self, to_server: bool, attempt: Attempt) {
        if !to_server && self.client.session.attempt() == Some(attempt) {
            self.client.session.break_off();
        } else if let Some(server) =
            self.server.as_mut().filter(|server| to_server && server.session.attempt() == Some(attempt))
        {
            server.session.break_off();
        }
    }

    fn close(&mut self) {
        self.client.close();
        if let Some(server) = &mut self.server {
            server.close();
        }
    }
}

impl<E: Role> Side<E> {
    fn new(session: Session<u32, E>) -> Self {
        Self { session, said: VecDeque::new(), held: BTreeMap::new(), told: 0, last: MessageId(0) }
    }

    fn send(&mut self, now: Millis, message: u32, bytes: u64, time_to_live: Option<u32>) {
        if let Ok(id) = self.session.send(now, message, bytes, time_to_live) {
            assert!(id > self.last, "message numbers grow");
            self.last = id;
            self.held.insert(id, message);
        }
    }

    /// Withdraws the last message but so many.
    fn withdraw(&mut self, but: u64) {
        let id = MessageId(self.last.0.saturating_sub(but));
        if let Some(message) = self.session.withdraw(id) {
            assert_eq!(self.held.remove(&id), Some(message), "what was withdrawn was held");
        }
    }

    fn drain(&mut self) {
        while let Some(output) = self.session.poll() {
            match output {
                Output::Transmit(_, message) => {
                    assert!(self.held.values().any(|held| *held == message), "what left is held");
                    self.said.push_back(Said::Message);
                }
                Output::Control(_, control) => {
                    assert_eq!(Control::decode(control.to_text().bytes()), Ok(control), "what is said can be read");
                    self.note(control);
                    self.said.push_back(Said::Control(control));
                }
                Output::Settle(settled) => {
                    assert_eq!(self.held.remove(&settled.id), Some(settled.message), "what is settled was held");
                }
            }
        }
        assert_eq!(self.held.len(), self.session.unacknowledged(), "each message has one end");
        assert!(self.session.unacknowledged() <= BOUNDS.messages as usize, "memory is bounded");
        assert!(self.session.taken() <= self.session.arrived());
    }

    fn note(&mut self, control: Control) {
        match control {
            Control::Ack { received } => {
                assert!(received > self.told, "an ack says something new");
                assert!(received <= self.session.taken(), "an ack says what was taken");
                self.told = received;
            }
            Control::Resume { known: Known { received, .. }, .. } | Control::Resumed { received, .. } => {
                assert_eq!(received, self.session.arrived(), "a greeting waits for all to be taken");
                self.told = received;
            }
            Control::New | Control::Welcome(_) => self.told = 0,
            Control::Ping(_) | Control::Pong(_) | Control::End => {}
        }
    }

    fn close(&mut self) {
        self.session.break_off();
        while let Some(output) = self.session.poll() {
            let Output::Settle(settled) = output else { panic!("the dead are silent") };
            assert!(matches!(settled.outcome, Outcome::Unconfirmed | Outcome::Unsent));
            assert_eq!(self.held.remove(&settled.id), Some(settled.message));
        }
        assert!(self.held.is_empty(), "in the end all comes back");
    }
}

fn welcome(sessions: u128) -> Welcome {
    Welcome { token: Token(sessions), time_to_live: 1, terms: TERMS, lost: false }
}
