//! The owner of all the ends that answer, as a server with or without a store would be.

use std::collections::VecDeque;

use undrop::core::session::{self, Heard, Output, Request, Session, Stored};
use undrop::core::wire::{self, Control, Token, Welcome};

use super::book::{Book, Pending};
use super::law::{Crime, Law, Verdict};
use super::mail::{Frame, Mail};
use super::network::{Event, Network, Way, epoch, line_of};
use super::receipts::Receipts;
use super::subject::{Breach, Subject};

pub struct Server {
    breach: Option<Breach>,
    /// How often it was started.
    starts: u32,
    up_at: u64,
    /// By their tokens. What a killed server held is gone.
    hosts: Vec<Option<Host>>,
    /// By their tokens, too. It is another machine, and never dies.
    store: Vec<Option<Record>>,
    /// What killed servers have on its way to the store, by session.
    late: Vec<(usize, VecDeque<u32>)>,
    pub restores: u32,
    pub takeovers: u32,
    pub refusals: u32,
    pub pongs: u32,
}

struct Host {
    end: Subject<session::Host>,
    pending: Pending,
    receipts: Receipts,
    alarm: Option<u64>,
    /// What has arrived and is on its way to the store.
    storing: VecDeque<u32>,
    /// When the last of that is there.
    stored_at: u64,
    /// Since when it has been without a line.
    down: Option<u64>,
    /// The number of its last ping.
    asked: u64,
}

/// A session, in the store.
#[derive(Clone, Default)]
struct Record {
    acknowledged: u64,
    messages: VecDeque<Mail>,
    taken: u64,
    /// Since when no server has known the session.
    abandoned: Option<u64>,
}

impl Server {
    pub fn new(breach: Option<Breach>) -> Self {
        Self {
            breach,
            starts: 0,
            up_at: 0,
            hosts: Vec::new(),
            store: Vec::new(),
            late: Vec::new(),
            restores: 0,
            takeovers: 0,
            refusals: 0,
            pongs: 0,
        }
    }

    pub fn is_up(&self, now: u64) -> bool {
        self.up_at <= now
    }

    pub fn arrives(&mut self, net: &mut Network, books: &mut [Book; 2], line: usize) -> Verdict {
        let Some((frame, bytes)) = net.take(line, Way::Up) else { return Ok(()) };
        let session = net.lines[line].session;
        // What a server hears on a line that it has left is nothing, but its session is to know that by itself.
        if net.lines[line].host_left && session.is_none() {
            return Ok(());
        }
        let id = match frame {
            Frame::Binary(id) => Some(id),
            Frame::Text(text) => match wire::unescape(&text) {
                Some(text) => Mail::read(text),
                None => match Control::decode(text.bytes()) {
                    Err(malformed) => return Crime::new(Law::Peace, net.now, format!("{malformed:?}: {text:?}")),
                    Ok(control) => return self.control(net, books, line, control),
                },
            },
        };
        let Some(id) = id else { return Crime::new(Law::I5, net.now, "a message came that was not sent") };
        let Some(session) = session else { return Crime::new(Law::Peace, net.now, "a message came before a greeting") };
        let Some(host) = self.hosts.get_mut(session).and_then(Option::as_mut) else { return Ok(()) };
        match host.end.handle_message(epoch(line), u64::from(bytes)) {
            Err(violation) => return Crime::new(Law::Peace, net.now, format!("the host says: {violation}")),
            Ok(None) => {}
            Ok(Some(number)) => {
                host.receipts.arrived(bytes);
                match net.weather.storing {
                    None => {
                        books[Way::Up as usize].arrived(net.now, 0, session, id)?;
                        host.receipts.took(number);
                        host.end.take(net.millis(), number);
                    }
                    Some(storing) => {
                        host.storing.push_back(id);
                        let at = net.now + u64::from(1 + net.random.below(storing));
                        host.stored_at = host.stored_at.max(at);
                        net.at(host.stored_at, Event::Stored(session, self.starts, number));
                        if self.breach == Some(Breach::TakesBeforeItIsStored) {
                            host.receipts.took(number);
                            host.end.take(net.millis(), number);
                        }
                    }
                }
            }
        }
        self.drain(net, books, session)
    }

    /// The store has a message.
    pub fn stored(
        &mut self,
        net: &mut Network,
        books: &mut [Book; 2],
        session: usize,
        starts: u32,
        number: u64,
    ) -> Verdict {
        // The store takes nothing from a server that is no longer the one that has the session.
        if starts != self.starts {
            return self.stored_late(net, books, session);
        }
        let Some(host) = self.hosts.get_mut(session).and_then(Option::as_mut) else { return Ok(()) };
        let Some(record) = self.store.get_mut(session).and_then(Option::as_mut) else { return Ok(()) };
        let Some(id) = host.storing.pop_front() else { return Ok(()) };
        books[Way::Up as usize].arrived(net.now, 0, session, id)?;
        record.taken = record.taken.max(number);
        host.receipts.took(number);
        host.end.take(net.millis(), number);
        self.drain(net, books, session)
    }

    /// What it would take if it did.
    fn stored_late(&mut self, net: &Network, books: &mut [Book; 2], session: usize) -> Verdict {
        let late = self.late.iter_mut().find(|(of, ids)| *of == session && !ids.is_empty());
        let id = late.and_then(|(_, ids)| ids.pop_front());
        match id.filter(|_| self.breach == Some(Breach::ForgetsItsFence)) {
            Some(id) => books[Way::Up as usize].arrived(net.now, 0, session, id),
            None => Ok(()),
        }
    }

    /// The app sends a message to one of its sessions.
    pub fn send(&mut self, net: &mut Network, books: &mut [Book; 2]) -> Verdict {
        let Some(session) = self.pick(net) else { return Ok(()) };
        let Some(host) = self.hosts[session].as_mut() else { return Ok(()) };
        let book = &mut books[Way::Down as usize];
        let mail = book.next(net.random.below(net.weather.largest));
        let time_to_live = net.random.one_in(4).then(|| net.random.below(4_000));
        let accepted = host.end.core.accepts(net.millis(), u64::from(mail.bytes));
        if accepted.is_ok() {
            book.sent(session, mail, time_to_live.map(|span| net.now + u64::from(span)));
            let store = self.store.get_mut(session).and_then(Option::as_mut);
            if let Some(record) = store.filter(|_| !forgets(self.breach, mail.id)) {
                record.messages.push_back(mail);
            }
            match host.end.send(net.millis(), mail, time_to_live) {
                Ok(ticket) => host.pending.sent(ticket, mail),
                Err(refusal) => return Crime::new(Law::I7, net.now, format!("accepted, then refused: {refusal}")),
            }
        }
        let refused = (accepted == Err(session::Refusal::Full)).then_some(mail.bytes);
        self.drain(net, books, session)?;
        match self.hosts[session].as_ref() {
            Some(host) => host.pending.check(net.now, net.weather.bounds, refused),
            None => Ok(()),
        }
    }

    pub fn withdraw(&mut self, net: &mut Network, books: &mut [Book; 2]) -> Verdict {
        let Some(session) = self.pick(net) else { return Ok(()) };
        if let Some(host) = &mut self.hosts[session]
            && let Some(ticket) = host.pending.last()
        {
            host.end.withdraw(ticket);
        }
        self.drain(net, books, session)
    }

    /// The app asks whether a guest is still there.
    pub fn ping(&mut self, net: &mut Network) {
        let Some(session) = self.pick(net) else { return };
        if let Some(host) = self.hosts[session].as_mut().filter(|host| host.end.core.is_live()) {
            host.asked = net.now;
            let line = host.end.core.line().map(line_of);
            net.give(line.unwrap_or(usize::MAX), Way::Down, Frame::Text(Control::Ping(net.now).to_text()), 0);
        }
    }

    pub fn finish(&mut self, net: &mut Network, books: &mut [Book; 2]) -> Verdict {
        let Some(session) = self.pick(net) else { return Ok(()) };
        if let Some(host) = &mut self.hosts[session] {
            host.end.end();
        }
        self.drain(net, books, session)
    }

    pub fn timer(&mut self, net: &mut Network, books: &mut [Book; 2], session: usize) -> Verdict {
        if let Some(host) = self.hosts.get_mut(session).and_then(Option::as_mut) {
            host.alarm = None;
            host.end.handle_timeout(net.millis());
        }
        self.drain(net, books, session)
    }

    pub fn noticed(&mut self, net: &mut Network, books: &mut [Book; 2], line: usize) -> Verdict {
        net.lines[line].host_left = true;
        let Some(session) = net.lines[line].session else { return Ok(()) };
        let Some(host) = self.hosts.get_mut(session).and_then(Option::as_mut) else { return Ok(()) };
        let had = host.end.core.line();
        host.end.handle_lost(epoch(line));
        if had == Some(epoch(line)) {
            host.down = Some(net.now);
            net.after(net.weather.time_to_live, Event::Evict(session, net.now));
        }
        self.drain(net, books, session)
    }

    /// A session has been without a line for as long as it may.
    pub fn evict(&mut self, net: &mut Network, books: &mut [Book; 2], session: usize, since: u64) -> Verdict {
        if let Some(host) = self.hosts[session].as_mut().filter(|host| host.down == Some(since)) {
            host.end.break_off();
            return self.drain(net, books, session);
        }
        let record = self.store.get(session).and_then(Option::as_ref);
        if record.is_some_and(|record| record.abandoned == Some(since)) {
            self.store[session] = None;
            books[Way::Down as usize].killed(session);
        }
        Ok(())
    }

    /// It dies, with all that it has not stored, and comes back.
    pub fn kill(&mut self, net: &mut Network, books: &mut [Book; 2]) -> Verdict {
        self.starts += 1;
        self.up_at = net.now + u64::from(net.random.below(5_000));
        for line in 0..net.lines.len() {
            if !net.lines[line].host_left {
                net.leave(line, Way::Down);
            }
            net.lines[line].session = None;
        }
        for session in 0..self.hosts.len() {
            let Some(mut host) = self.hosts[session].take() else { continue };
            let Some(record) = self.store.get_mut(session).and_then(Option::as_mut) else {
                books[Way::Down as usize].killed(session);
                continue;
            };
            // What was on its way to the store may have arrived there, without anybody to hear of it.
            for _ in 0..net.random.below(host.storing.len() as u32 + 1) {
                let Some(id) = host.storing.pop_front() else { break };
                books[Way::Up as usize].arrived(net.now, 0, session, id)?;
                record.taken += 1;
            }
            self.late.push((session, host.storing));
            record.abandoned = Some(net.now);
            net.after(net.weather.time_to_live, Event::Evict(session, net.now));
        }
        Ok(())
    }

    /// To be called when nothing more happens.
    pub fn close(&self, at: u64) -> Verdict {
        for host in self.hosts.iter().flatten() {
            let core = &host.end.core;
            if !core.is_live() || core.unacknowledged() > 0 {
                return Crime::new(Law::I4, at, format!("a host is stuck: {core:?}"));
            }
        }
        Ok(())
    }

    fn control(&mut self, net: &mut Network, books: &mut [Book; 2], line: usize, control: Control) -> Verdict {
        let Some(session) = net.lines[line].session else { return self.greeted(net, books, line, control) };
        let Some(host) = self.hosts.get_mut(session).and_then(Option::as_mut) else { return Ok(()) };
        match host.end.handle_control(net.millis(), epoch(line), control) {
            Err(violation) => {
                return Crime::new(Law::Peace, net.now, format!("the host says: {violation}: {control:?}"));
            }
            Ok(Heard::Acknowledged) => self.acknowledged(net, books, session)?,
            Ok(Heard::Ended) => {
                if self.hosts[session].as_ref().is_some_and(|host| host.end.core.is_over()) {
                    net.leave(line, Way::Down);
                }
            }
            Ok(Heard::Pong(number)) => {
                if host.asked < number {
                    return Crime::new(Law::Peace, net.now, format!("{number} is not what the host asked"));
                }
                self.pongs += 1;
            }
            Ok(Heard::Nothing | Heard::Opened | Heard::Resumed) => {}
        }
        self.drain(net, books, session)
    }

    /// The first frame of a line.
    fn greeted(&mut self, net: &mut Network, books: &mut [Book; 2], line: usize, control: Control) -> Verdict {
        let known = match Request::try_from(control) {
            Err(violation) => {
                return Crime::new(Law::Peace, net.now, format!("the server says: {violation}: {control:?}"));
            }
            Ok(Request::New) => None,
            Ok(Request::Resume { token, received }) => {
                let session = token.0 as usize;
                self.restore(net, books, session);
                let host = self.hosts.get(session).and_then(Option::as_ref);
                host.is_some_and(|host| !host.end.core.is_ending()).then_some((session, received))
            }
        };
        let Some((session, received)) = known else { return self.welcome(net, books, line) };
        if let Some(host) = &mut self.hosts[session] {
            match host.end.handle_resume(net.millis(), epoch(line), received) {
                // It is late, and the guest has been on another line since.
                Err(_) if net.lines[line].guest_left => {
                    self.refusals += 1;
                    net.leave(line, Way::Down);
                    return Ok(());
                }
                Err(violation) => return Crime::new(Law::Peace, net.now, format!("the host says: {violation}")),
                Ok(Some(older)) => {
                    self.takeovers += 1;
                    net.leave(line_of(older), Way::Down);
                }
                Ok(None) => {}
            }
            host.down = None;
        }
        net.lines[line].session = Some(session);
        self.acknowledged(net, books, session)?;
        self.drain(net, books, session)
    }

    fn welcome(&mut self, net: &mut Network, books: &mut [Book; 2], line: usize) -> Verdict {
        let session = self.hosts.len();
        let welcome = self.welcome_of(net, session);
        let core = Session::<Mail, session::Host>::new(net.weather.bounds, welcome, epoch(line));
        self.hosts.push(Some(Host::new(Subject::new(core, self.breach), Receipts::default())));
        self.store.push(net.weather.storing.map(|_| Record::default()));
        net.lines[line].session = Some(session);
        self.drain(net, books, session)
    }

    /// Takes a session back from the store that no server has.
    fn restore(&mut self, net: &mut Network, books: &mut [Book; 2], session: usize) {
        let Some(None) = self.hosts.get(session) else { return };
        let Some(record) = self.store.get_mut(session).and_then(Option::as_mut) else { return };
        record.abandoned = None;
        let record = record.clone();
        let welcome = self.welcome_of(net, session);
        let messages = record.messages.iter().map(|mail| (*mail, u64::from(mail.bytes)));
        let stored = Stored { acknowledged: record.acknowledged, messages, taken: record.taken };
        let core = Session::<Mail, session::Host>::restore(net.weather.bounds, welcome, stored);
        let mut host = Host::new(Subject::new(core, self.breach), Receipts::restored(record.taken));
        for (index, mail) in record.messages.iter().enumerate() {
            host.pending.sent(undrop::core::outbox::Ticket(index as u64 + 1), *mail);
            books[Way::Down as usize].forgotten(mail.id);
        }
        self.hosts[session] = Some(host);
        self.restores += 1;
    }

    fn welcome_of(&self, net: &Network, session: usize) -> Welcome {
        Welcome { token: Token(session as u128), time_to_live: net.weather.time_to_live, spread: 0 }
    }

    fn acknowledged(&mut self, net: &mut Network, books: &mut [Book; 2], session: usize) -> Verdict {
        let Some(host) = &mut self.hosts[session] else { return Ok(()) };
        books[Way::Down as usize].acknowledged(net.now, &mut host.pending, host.end.delivered())?;
        // A store may learn of it later.
        if let Some(record) = self.store[session].as_mut().filter(|_| net.random.one_in(2)) {
            while record.acknowledged < host.end.core.acknowledged() {
                record.messages.pop_front();
                record.acknowledged += 1;
            }
        }
        Ok(())
    }

    /// One of those that the app can send to.
    fn pick(&self, net: &mut Network) -> Option<usize> {
        let open = |host: &Option<Host>| host.as_ref().is_some_and(|host| !host.end.core.is_ending());
        let sessions: Vec<usize> = (0..self.hosts.len()).filter(|session| open(&self.hosts[*session])).collect();
        if sessions.is_empty() { None } else { Some(net.random.pick(&sessions)) }
    }

    fn drain(&mut self, net: &mut Network, books: &mut [Book; 2], session: usize) -> Verdict {
        let Some(host) = self.hosts.get_mut(session).and_then(Option::as_mut) else { return Ok(()) };
        while let Some(output) = host.end.poll() {
            match output {
                Output::Transmit(line, mail) => {
                    books[Way::Down as usize].transmitted(net.now, mail.id)?;
                    net.give(line_of(line), Way::Down, mail.frame(host.end.escapes()), mail.bytes);
                }
                Output::Control(line, control) => {
                    match control {
                        Control::Ack { received } => host.receipts.acknowledged(net.now, received)?,
                        Control::Resumed { received, .. } => host.receipts.greeted(net.now, received)?,
                        _ => {}
                    }
                    net.give(line_of(line), Way::Down, Frame::Text(control.to_text()), 0);
                }
                Output::Return(returned) => {
                    books[Way::Down as usize].returned(net.now, &mut host.pending, &returned)?;
                    if let Some(record) =
                        self.store[session].as_mut().filter(|_| self.breach != Some(Breach::StoresWhatCameBack))
                    {
                        record.messages.retain(|mail| mail.id != returned.message.id);
                    }
                }
            }
        }
        if let Some(at) =
            host.end.core.poll_timeout().map(|at| at.0).filter(|at| host.alarm.is_none_or(|set| *at < set))
        {
            host.alarm = Some(at);
            let late = u64::from(net.random.below(net.weather.lateness));
            net.at(at + late, Event::HostTimer(session));
        }
        host.receipts.check(net.now, host.end.core.is_live(), net.weather.lateness)?;
        if host.end.core.is_over() {
            self.hosts[session] = None;
            self.store[session] = None;
        }
        Ok(())
    }
}

impl Host {
    fn new(end: Subject<session::Host>, receipts: Receipts) -> Self {
        let (pending, storing) = (Pending::default(), VecDeque::new());
        Self { end, pending, receipts, alarm: None, storing, stored_at: 0, down: None, asked: 0 }
    }
}

fn forgets(breach: Option<Breach>, id: u32) -> bool {
    breach == Some(Breach::SendsBeforeItIsStored) && id.is_multiple_of(3)
}
