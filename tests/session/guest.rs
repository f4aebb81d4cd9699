//! The owner of the end that dials, as a browser would be.

use undrop::core::session::{self, Heard, Output, Session};
use undrop::core::wire::{self, Control};

use super::book::{Book, Pending};
use super::law::{Crime, Law, Verdict};
use super::mail::{Frame, Mail};
use super::network::{Event, Network, Way, epoch, line_of};
use super::receipts::Receipts;
use super::subject::{Breach, Subject};

/// How long a line may take to be live. Who has too little dials the next one before the last has been heard of.
const PATIENCE: [u32; 2] = [300, 10_000];
/// How long a goodbye may take.
const GOODBYE: u32 = 1_000;

pub struct Guest {
    pub end: Subject<session::Guest>,
    line: Option<usize>,
    pending: Pending,
    receipts: Receipts,
    /// How many sessions it has had.
    pub sessions: u32,
    pub resumes: u32,
    alarm: Option<u64>,
    /// The number of its last ping.
    asked: u64,
    pub pongs: u32,
}

impl Guest {
    pub fn new(net: &Network, breach: Option<Breach>) -> Self {
        Self {
            end: Subject::new(Session::<Mail, session::Guest>::new(net.weather.bounds), breach),
            line: None,
            pending: Pending::default(),
            receipts: Receipts::default(),
            sessions: 0,
            resumes: 0,
            alarm: None,
            asked: 0,
            pongs: 0,
        }
    }

    pub fn line(&self) -> Option<usize> {
        self.line
    }

    pub fn dial(&mut self, net: &mut Network, server_is_up: bool) {
        if self.end.core.is_ending() || self.line.is_some() {
            return;
        }
        if !server_is_up {
            return net.after(700, Event::Dial);
        }
        let line = net.open();
        self.line = Some(line);
        let handshake = 1 + net.random.below(100);
        let patience = net.random.pick(&PATIENCE);
        net.after(handshake, Event::Opened(line));
        net.after(patience, Event::Patience(line));
    }

    pub fn opened(&mut self, net: &mut Network, books: &mut [Book; 2], line: usize) -> Verdict {
        if self.line != Some(line) {
            return Ok(());
        }
        self.end.handle_opened(epoch(line));
        self.drain(net, books)
    }

    /// Leaves its line, for whatever reason, and dials again if there is anything to dial for.
    pub fn lose(&mut self, net: &mut Network, books: &mut [Book; 2], line: usize) -> Verdict {
        if self.line != Some(line) {
            return Ok(());
        }
        self.line = None;
        net.leave(line, Way::Up);
        self.end.handle_lost(epoch(line));
        self.drain(net, books)?;
        let delay = net.random.pick(&[1, 300, 2_000]);
        net.after(delay, Event::Dial);
        Ok(())
    }

    pub fn lose_patience(&mut self, net: &mut Network, books: &mut [Book; 2], line: usize) -> Verdict {
        if self.end.core.is_live() || self.end.core.is_ending() { Ok(()) } else { self.lose(net, books, line) }
    }

    pub fn arrives(&mut self, net: &mut Network, books: &mut [Book; 2], line: usize) -> Verdict {
        let Some((frame, bytes)) = net.take(line, Way::Down) else { return Ok(()) };
        let id = match frame {
            Frame::Binary(id) => Some(id),
            Frame::Text(text) => match wire::unescape(&text) {
                Some(text) => Mail::read(text),
                None => return self.control(net, books, line, &text),
            },
        };
        let Some(id) = id else { return Crime::new(Law::I5, net.now, "a message came that was not sent") };
        match self.end.handle_message(epoch(line), u64::from(bytes)) {
            Err(violation) => return Crime::new(Law::Peace, net.now, format!("the guest says: {violation}")),
            Ok(None) => {}
            Ok(Some(number)) => {
                let session = self.session();
                self.receipts.arrived(bytes);
                books[Way::Down as usize].arrived(net.now, session, session, id)?;
                let taking = net.random.below(net.weather.taking + 1);
                let at = net.now + u64::from(taking);
                if taking == 0 {
                    self.took(net, self.sessions, number)
                } else {
                    net.at(at, Event::GuestTook(self.sessions, number))
                }
            }
        }
        self.drain(net, books)
    }

    /// The app is done with a message.
    pub fn take(&mut self, net: &mut Network, books: &mut [Book; 2], sessions: u32, number: u64) -> Verdict {
        self.took(net, sessions, number);
        self.drain(net, books)
    }

    pub fn send(&mut self, net: &mut Network, books: &mut [Book; 2]) -> Verdict {
        let book = &mut books[Way::Up as usize];
        let mail = book.next(net.random.below(net.weather.largest));
        let time_to_live = net.random.one_in(4).then(|| net.random.below(4_000));
        let sent = self.end.send(net.millis(), mail, time_to_live);
        if let Ok(ticket) = sent {
            book.sent(0, mail, time_to_live.map(|span| net.now + u64::from(span)));
            self.pending.sent(ticket, mail);
        }
        let refused = (sent == Err(session::Refusal::Full)).then_some(mail.bytes);
        self.drain(net, books)?;
        self.pending.check(net.now, net.weather.bounds, refused)
    }

    pub fn withdraw(&mut self, net: &mut Network, books: &mut [Book; 2]) -> Verdict {
        if let Some(ticket) = self.pending.last() {
            self.end.withdraw(ticket);
        }
        self.drain(net, books)
    }

    /// The app asks whether the host is still there.
    pub fn ping(&mut self, net: &mut Network) {
        if self.end.core.is_live() {
            self.asked = net.now;
            net.give(self.line.unwrap_or(usize::MAX), Way::Up, Frame::Text(Control::Ping(net.now).to_text()), 0);
        }
    }

    pub fn finish(&mut self, net: &mut Network, books: &mut [Book; 2]) -> Verdict {
        self.end.end();
        self.drain(net, books)?;
        if let Some(line) = self.line {
            net.after(GOODBYE, Event::Goodbye(line));
        }
        Ok(())
    }

    pub fn timer(&mut self, net: &mut Network, books: &mut [Book; 2]) -> Verdict {
        self.alarm = None;
        self.end.handle_timeout(net.millis());
        self.drain(net, books)
    }

    /// To be called when nothing more happens.
    pub fn close(&self, at: u64) -> Verdict {
        let core = &self.end.core;
        if core.is_over() || core.is_live() && core.unacknowledged() == 0 {
            return Ok(());
        }
        Crime::new(Law::I4, at, format!("the guest is stuck: {core:?}"))
    }

    fn control(&mut self, net: &mut Network, books: &mut [Book; 2], line: usize, text: &str) -> Verdict {
        let heard = Control::decode(text.encode_utf16())
            .map_err(session::Violation::from)
            .and_then(|control| self.end.handle_control(net.millis(), epoch(line), control));
        match heard {
            Err(violation) => return Crime::new(Law::Peace, net.now, format!("the guest says: {violation}: {text:?}")),
            Ok(Heard::Opened) => {
                self.sessions += 1;
                self.receipts = Receipts::default();
            }
            Ok(heard @ (Heard::Resumed | Heard::Acknowledged)) => {
                self.resumes += u32::from(heard == Heard::Resumed);
                let delivered = self.end.delivered();
                books[Way::Up as usize].acknowledged(net.now, &mut self.pending, delivered)?;
            }
            Ok(Heard::Ended) if self.end.core.is_over() => {
                self.drain(net, books)?;
                return self.lose(net, books, line);
            }
            Ok(Heard::Ended) => net.after(GOODBYE, Event::Goodbye(line)),
            Ok(Heard::Pong(number)) => {
                if self.asked < number {
                    return Crime::new(Law::Peace, net.now, format!("{number} is not what the guest asked"));
                }
                self.pongs += 1;
            }
            Ok(Heard::Nothing) => {}
        }
        self.drain(net, books)
    }

    fn took(&mut self, net: &mut Network, sessions: u32, number: u64) {
        if sessions == self.sessions {
            self.receipts.took(number);
            self.end.take(net.millis(), number);
        }
    }

    fn session(&self) -> usize {
        self.end.core.welcome().map_or(usize::MAX, |welcome| welcome.token.0 as usize)
    }

    fn drain(&mut self, net: &mut Network, books: &mut [Book; 2]) -> Verdict {
        while let Some(output) = self.end.poll() {
            match output {
                Output::Transmit(line, mail) => {
                    books[Way::Up as usize].transmitted(net.now, mail.id)?;
                    net.give(line_of(line), Way::Up, mail.frame(self.end.escapes()), mail.bytes);
                }
                Output::Control(line, control) => {
                    match control {
                        Control::Ack { received } => self.receipts.acknowledged(net.now, received)?,
                        Control::Resume { received, .. } => self.receipts.greeted(net.now, received)?,
                        _ => {}
                    }
                    net.give(line_of(line), Way::Up, Frame::Text(control.to_text()), 0);
                }
                Output::Return(returned) => {
                    books[Way::Up as usize].returned(net.now, &mut self.pending, &returned)?;
                }
            }
        }
        if let Some(at) =
            self.end.core.poll_timeout().map(|at| at.0).filter(|at| self.alarm.is_none_or(|set| *at < set))
        {
            self.alarm = Some(at);
            let late = u64::from(net.random.below(net.weather.lateness));
            net.at(at + late, Event::GuestTimer);
        }
        self.receipts.check(net.now, self.end.core.is_live(), net.weather.lateness)
    }
}
