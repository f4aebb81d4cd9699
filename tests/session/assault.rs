//! Any bytes, turned on the decoder and on both ends. The fuzz targets in fuzz/ are these two functions; what they once
//! found is replayed by the tests.

use std::collections::{BTreeSet, VecDeque};

use undrop::core::outbox::{Bounds, Fate};
use undrop::core::session::{End, Guest, Heard, Host, Output, Request, Session, Stored};
use undrop::core::wire::{self, Control, Token, Welcome};
use undrop::core::{Epoch, Millis};

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
/// | 0, 1 | a text frame reaches the host, the guest | its length and its bytes |
/// | 2, 3 | a binary frame does | its size |
/// | 4, 5 | what the other end said first reaches the host, the guest | |
/// | 6, 7 | the host, the guest sends | its size, its time to live |
/// | 8, 9 | the host, the guest takes | how many |
/// | 10, 11 | the host, the guest loses its line | |
/// | 12 | the guest's next line stands | |
/// | 13 | time goes by | how much |
/// | 14 | the high half says: an end ends, withdraws, the host is stored and restored | |
/// | 15 | an ack, near to the truth or far from it, reaches an end | a distance |
pub fn frames(bytes: &[u8]) {
    let mut bytes = bytes.iter().copied();
    let mut assault = Assault::new();
    while let Some(first) = bytes.next() {
        assault.step(first & 15, first >> 4, &mut bytes);
    }
    assault.close();
}

const BOUNDS: Bounds = Bounds { messages: 8, bytes: 1_000 };

struct Assault {
    now: Millis,
    line: Epoch,
    guest: Side<Guest>,
    host: Option<Side<Host>>,
    sessions: u128,
    /// The last message that was sent.
    next: u32,
}

struct Side<E> {
    session: Session<u32, E>,
    /// What it said, and nobody has heard.
    said: VecDeque<Said>,
    /// What it was sent, and has not come back.
    held: BTreeSet<u32>,
    told: u64,
}

enum Said {
    Message,
    Control(Control),
}

impl Assault {
    fn new() -> Self {
        let guest = Side::new(Session::<u32, Guest>::new(BOUNDS));
        Self { now: Millis(0), line: Epoch(0), guest, host: None, sessions: 0, next: 0 }
    }

    fn step(&mut self, what: u8, with: u8, rest: &mut impl Iterator<Item = u8>) {
        let mut number = || u64::from(rest.next().unwrap_or(0));
        // Most frames come on the present line, some on another.
        let line = if with == 15 { Epoch(self.line.0.wrapping_sub(1)) } else { self.line };
        match what {
            0 | 1 => {
                let length = number() as usize;
                let text: Vec<u8> = rest.take(length).collect();
                let text = String::from_utf8_lossy(&text);
                match wire::unescape(&text) {
                    Some(_) => self.message(what == 0, line, text.len() as u64),
                    None => match Control::decode(text.encode_utf16()) {
                        Ok(control) => self.control(what == 0, line, control),
                        Err(_) => self.malformed(what == 0, line),
                    },
                }
            }
            2 | 3 => self.message(what == 2, line, number()),
            4 => match self.guest.said.pop_front() {
                Some(Said::Message) => self.message(true, line, 1),
                Some(Said::Control(control)) => self.control(true, line, control),
                None => {}
            },
            5 => match self.host.as_mut().and_then(|host| host.said.pop_front()) {
                Some(Said::Message) => self.message(false, line, 1),
                Some(Said::Control(control)) => self.control(false, line, control),
                None => {}
            },
            6 | 7 => {
                self.next += 1;
                let (size, span) = (number(), number() as u32);
                let time_to_live = (span > 0).then_some(span);
                if what == 7 {
                    self.guest.send(self.now, self.next, size, time_to_live);
                } else if let Some(host) = &mut self.host {
                    host.send(self.now, self.next, size, time_to_live);
                }
            }
            8 | 9 => {
                let count = number();
                if what == 9 {
                    self.guest.session.take(self.now, count);
                } else if let Some(host) = &mut self.host {
                    host.session.take(self.now, count);
                }
            }
            10 => {
                if let Some(host) = &mut self.host {
                    host.session.handle_lost(line);
                }
            }
            11 => self.guest.session.handle_lost(line),
            12 => {
                self.line = Epoch(self.line.0 + 1);
                self.guest.said.clear();
                self.guest.session.handle_opened(self.line);
            }
            13 => {
                self.now = Millis(self.now.0 + number() * 10);
                self.guest.session.handle_timeout(self.now);
                if let Some(host) = &mut self.host {
                    host.session.handle_timeout(self.now);
                }
            }
            14 => self.wish(with),
            _ => {
                let distance = number();
                if with & 1 == 0 {
                    let received = self.guest.session.acknowledged().wrapping_add(distance).wrapping_sub(2);
                    self.control(false, line, Control::Ack { received });
                } else if let Some(host) = &self.host {
                    let received = host.session.acknowledged().wrapping_add(distance).wrapping_sub(2);
                    self.control(true, line, Control::Ack { received });
                }
            }
        }
        self.guest.drain();
        if let Some(host) = &mut self.host {
            host.drain();
        }
    }

    fn wish(&mut self, with: u8) {
        let last = self.guest.session.delivered();
        match (with, &mut self.host) {
            (0, _) => self.guest.session.end(),
            (1, Some(host)) => host.session.end(),
            (2, _) => {
                self.guest.session.withdraw(last);
            }
            (3, _) => self.guest.session.break_off(),
            (4, Some(host)) => {
                let (acknowledged, taken) = (host.session.acknowledged(), host.session.taken());
                let held: Vec<u32> = host.held.iter().copied().collect();
                let messages = held.iter().map(|message| (*message, 1));
                let stored = Stored { acknowledged, messages, taken };
                let session = Session::<u32, Host>::restore(BOUNDS, welcome(self.sessions), stored);
                let mut restored = Side::new(session);
                restored.held.extend(held);
                restored.told = taken;
                self.host = Some(restored);
            }
            (5, host) => *host = None,
            _ => {}
        }
    }

    fn message(&mut self, to_host: bool, line: Epoch, bytes: u64) {
        if !to_host {
            let _ = self.guest.session.handle_message(line, bytes);
        } else if let Some(host) = &mut self.host {
            let _ = host.session.handle_message(line, bytes);
        }
    }

    fn control(&mut self, to_host: bool, line: Epoch, control: Control) {
        if !to_host {
            if self.guest.session.handle_control(self.now, line, control) == Ok(Heard::Opened) {
                self.guest.told = 0;
            }
            return;
        }
        let on_it = |host: &&mut Side<Host>| host.session.line() == Some(line);
        if let Some(host) = self.host.as_mut().filter(on_it) {
            let _ = host.session.handle_control(self.now, line, control);
            return;
        }
        match (Request::try_from(control), &mut self.host) {
            (Ok(Request::Resume { token, received }), Some(host)) if token == host.session.token() => {
                let before = host.session.clone();
                match host.session.handle_resume(self.now, line, received) {
                    Ok(_) => host.said.clear(),
                    Err(_) => assert_eq!(host.session, before, "what is impossible changes nothing"),
                }
            }
            (Ok(_), host) => {
                self.sessions += 1;
                *host = Some(Side::new(Session::<u32, Host>::new(BOUNDS, welcome(self.sessions), line)));
            }
            (Err(_), _) => {}
        }
    }

    fn malformed(&mut self, to_host: bool, line: Epoch) {
        if !to_host && self.guest.session.line() == Some(line) {
            self.guest.session.break_off();
        } else if let Some(host) = self.host.as_mut().filter(|host| to_host && host.session.line() == Some(line)) {
            host.session.break_off();
        }
    }

    fn close(&mut self) {
        self.guest.close();
        if let Some(host) = &mut self.host {
            host.close();
        }
    }
}

impl<E: End> Side<E> {
    fn new(session: Session<u32, E>) -> Self {
        Self { session, said: VecDeque::new(), held: BTreeSet::new(), told: 0 }
    }

    fn send(&mut self, now: Millis, message: u32, bytes: u64, time_to_live: Option<u32>) {
        if self.session.send(now, message, bytes, time_to_live).is_ok() {
            self.held.insert(message);
        }
    }

    fn drain(&mut self) {
        while let Some(output) = self.session.poll() {
            match output {
                Output::Transmit(_, message) => {
                    assert!(self.held.contains(&message), "what left is held");
                    self.said.push_back(Said::Message);
                }
                Output::Control(_, control) => {
                    assert_eq!(Control::decode(control.to_text().bytes()), Ok(control), "what is said can be read");
                    self.note(control);
                    self.said.push_back(Said::Control(control));
                }
                Output::Return(returned) => {
                    assert!(self.held.remove(&returned.message), "what comes back was held, and comes back once");
                }
            }
        }
        // What was acknowledged is held no more: the oldest go first.
        while self.held.len() > self.session.unacknowledged() {
            self.held.pop_first();
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
            Control::Resume { received, .. } | Control::Resumed { received } => {
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
            let Output::Return(returned) = output else { panic!("the dead are silent") };
            assert!(matches!(returned.fate, Fate::Lost | Fate::Unsent));
            assert!(self.held.remove(&returned.message));
        }
        assert!(self.held.is_empty(), "in the end all comes back");
    }
}

fn welcome(sessions: u128) -> Welcome {
    Welcome { token: Token(sessions), time_to_live: 1, spread: 1 }
}
