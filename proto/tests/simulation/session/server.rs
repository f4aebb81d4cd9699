//! The owner of all the ends that answer, as a server with or without a store would be.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use undrop_proto::session::{self, Heard, NotResumed, Output, Request, Session, Stored};
use undrop_proto::wire::Known;
use undrop_proto::wire::{Control, Terms, Token, Welcome};
use undrop_proto::{Attempt, MessageId, Outcome, SendError, Settled};

use super::acknowledgements::Acknowledgements;
use super::side::Side;
use super::twins::{Defect, End};
use super::world::{Event, Shared};
use crate::law::{Law, Verdict};
use crate::message::{Frame, Message};
use crate::network::Way;

/// The connections of forged resumes have greater numbers than this.
const FORGED: u32 = 1_000_000;

#[derive(Default)]
pub struct Server {
    /// How often it was started.
    starts: u32,
    /// By their tokens. What a killed server held is gone.
    sessions: Vec<Option<ServerSession>>,
    /// By their tokens, too. It is another machine, and never dies.
    store: Vec<Option<StoredSession>>,
    /// Earlier states of those, to which the store may go back.
    earlier: Vec<Option<StoredSession>>,
    /// The sessions for which it has.
    lost: BTreeSet<usize>,
    /// How many resumes were forged.
    forged: u32,
    /// Which session is on which connection.
    on: BTreeMap<u32, usize>,
    /// What killed servers have under way to the store, by session.
    late: Vec<(usize, VecDeque<u32>)>,
}

struct ServerSession {
    end: End<session::Server>,
    side: Side,
    /// What has arrived and is under way to the store.
    storing: VecDeque<u32>,
    /// When the last of that is there.
    stored_at: u64,
    /// Since when it has been without a connection.
    down: Option<u64>,
    /// The number of its last ping.
    pinged: u64,
}

#[derive(Clone, Default)]
struct StoredSession {
    acknowledged: u64,
    messages: VecDeque<Message>,
    /// The numbers of the messages that were taken.
    taken: Vec<u32>,
    /// The connection that the session was resumed on last.
    attempt: u32,
    /// Since when no server has known the session.
    abandoned: Option<u64>,
}

impl Server {
    // What arrives.

    pub fn arrives(&mut self, shared: &mut Shared, attempt: Attempt, frame: Frame) -> Verdict {
        let session = self.session_on(attempt);
        // What a server hears on a connection that it has left is nothing, but its session is to know that by itself.
        if shared.net.has_left(attempt, Way::Down) && session.is_none() {
            return Ok(());
        }
        let Message { number, bytes } = match frame {
            Frame::Message(message) => message,
            Frame::Control(control) => return self.control(shared, attempt, control),
            Frame::Close(_) => return Law::Protocol.broken(format!("a server hears {frame:?}")),
            Frame::Gone => return self.lost(shared, attempt),
        };
        let Some(index) = session else { return Law::Protocol.broken("a message came before a greeting") };
        let Some(session) = self.sessions.get_mut(index).and_then(Option::as_mut) else { return Ok(()) };
        let accepts = shared.setup.accepts;
        Law::I7.holds(bytes <= accepts, || format!("{bytes} bytes arrived where {accepts} are accepted"))?;
        match session.end.handle_message(attempt, u64::from(bytes)) {
            Err(violation) => return Law::Protocol.broken(format!("the server says: {violation}")),
            Ok(None) => {}
            Ok(Some(count)) => {
                session.side.acknowledgements.arrived(bytes);
                let takes_at_once = match shared.setup.storing {
                    None => {
                        arrived(shared, index, number)?;
                        true
                    }
                    Some(storing) => {
                        session.storing.push_back(number);
                        let at = shared.net.now + u64::from(1 + shared.net.random.below(storing));
                        session.stored_at = session.stored_at.max(at);
                        shared.net.at(session.stored_at, Event::Stored(index, self.starts, count));
                        shared.twin.has(Defect::TakesBeforeItIsStored)
                    }
                };
                if takes_at_once {
                    session.took(shared, count);
                }
            }
        }
        self.drain(shared, index)
    }

    /// The store has a message.
    pub fn stored(&mut self, shared: &mut Shared, index: usize, starts: u32, count: u64) -> Verdict {
        // The store takes nothing from a server that is no longer the one that has the session.
        if starts != self.starts {
            return self.stored_late(shared, index);
        }
        let Some(session) = self.sessions.get_mut(index).and_then(Option::as_mut) else { return Ok(()) };
        let Some(stored) = self.store.get_mut(index).and_then(Option::as_mut) else { return Ok(()) };
        let Some(number) = session.storing.pop_front() else { return Ok(()) };
        arrived(shared, index, number)?;
        stored.taken.push(number);
        session.took(shared, count);
        self.keep(shared, index);
        self.drain(shared, index)
    }

    /// What it would take if it did.
    fn stored_late(&mut self, shared: &mut Shared, index: usize) -> Verdict {
        let late = self.late.iter_mut().find(|(of, numbers)| *of == index && !numbers.is_empty());
        let number = late.and_then(|(_, numbers)| numbers.pop_front());
        match number.filter(|_| shared.twin.has(Defect::ForgetsItsFence)) {
            Some(number) => arrived(shared, index, number),
            None => Ok(()),
        }
    }

    fn control(&mut self, shared: &mut Shared, attempt: Attempt, control: Control) -> Verdict {
        let Some(index) = self.session_on(attempt) else { return self.greeted(shared, attempt, control) };
        let Some(session) = self.sessions.get_mut(index).and_then(Option::as_mut) else { return Ok(()) };
        match session.end.handle_control(shared.net.millis(), attempt, control) {
            Err(violation) => {
                return Law::Protocol.broken(format!("the server says: {violation}: {control:?}"));
            }
            Ok(Heard::Acknowledged) => self.acknowledged(shared, index)?,
            Ok(Heard::Ended) if session.end.session.is_over() => shared.leave(attempt, Way::Down),
            Ok(Heard::Pong(number)) => {
                Law::Protocol.holds(number <= session.pinged, || format!("{number} is not what the server asked"))?;
                shared.census.server_pongs += 1;
            }
            Ok(Heard::Nothing | Heard::Opened(_) | Heard::Resumed | Heard::Lost | Heard::Ended) => {}
        }
        self.drain(shared, index)
    }

    /// The first frame of a connection.
    fn greeted(&mut self, shared: &mut Shared, attempt: Attempt, control: Control) -> Verdict {
        let request = match Request::try_from(control) {
            Ok(request) => request,
            Err(violation) => return Law::Protocol.broken(format!("the server says: {violation}: {control:?}")),
        };
        let Request::Resume { token, known } = request else { return self.welcome(shared, attempt, None) };
        let index = token.0 as usize;
        let was_away = matches!(self.sessions.get(index), Some(None));
        self.restore(shared, index)?;
        match self.resume(shared, attempt, index, known) {
            Ok(older) => {
                if let Some(older) = older {
                    shared.census.takeovers += 1;
                    shared.leave(older, Way::Down);
                }
                self.on.insert(attempt.0, index);
                if let Some(stored) = &mut self.store[index] {
                    stored.attempt = known.attempt;
                }
                self.acknowledged(shared, index)?;
                self.drain(shared, index)
            }
            Err(NotResumed::Past) => Law::Protocol.broken(format!("the server says: {known:?} is past")),
            // It is late, and the client has been on another connection since.
            Err(NotResumed::Late) => {
                let is_late = shared.net.has_left(attempt, Way::Up);
                Law::Protocol.holds(is_late, || format!("the server says: {known:?} is late"))?;
                shared.census.refusals += 1;
                shared.leave(attempt, Way::Down);
                Ok(())
            }
            Err(NotResumed::Lost) => {
                let is_lost = self.lost.contains(&index) || attempt.0 > FORGED;
                Law::Protocol.holds(is_lost, || format!("the server says: {known:?} is lost"))?;
                shared.census.lost += u64::from(attempt.0 <= FORGED);
                if was_away {
                    self.put_back(shared, index);
                }
                self.welcome(shared, attempt, Some(NotResumed::Lost))
            }
            Err(NotResumed::Over) => self.welcome(shared, attempt, Some(NotResumed::Over)),
        }
    }

    fn resume(
        &mut self,
        shared: &Shared,
        attempt: Attempt,
        index: usize,
        mut known: Known,
    ) -> Result<Option<Attempt>, NotResumed> {
        let Some(session) = self.sessions.get_mut(index).and_then(Option::as_mut) else { return Err(NotResumed::Over) };
        if !shared.setup.compares {
            known.acknowledged = 0;
        }
        let older = session.end.handle_resume(shared.net.millis(), attempt, known, terms_of(shared))?;
        session.down = None;
        Ok(older)
    }

    fn welcome(&mut self, shared: &mut Shared, attempt: Attempt, refused: Option<NotResumed>) -> Verdict {
        let index = self.sessions.len();
        let welcome = Welcome { lost: refused == Some(NotResumed::Lost), ..welcome_of(shared, index) };
        let session = match refused {
            None => Session::<Message, session::Server>::new(shared.setup.bounds, welcome, attempt),
            Some(_) => Session::<Message, session::Server>::instead(shared.setup.bounds, welcome, attempt),
        };
        let end = End::new(session, shared.twin);
        self.sessions.push(Some(ServerSession::new(end)));
        self.store.push(shared.setup.storing.map(|_| StoredSession::default()));
        self.earlier.push(None);
        self.on.insert(attempt.0, index);
        self.drain(shared, index)
    }

    /// Leaves a session in the store that was restored, and can't be resumed.
    fn put_back(&mut self, shared: &mut Shared, index: usize) {
        self.sessions[index] = None;
        if let Some(stored) = &mut self.store[index] {
            stored.abandoned = Some(shared.net.now);
            shared.net.after(shared.setup.time_to_live, Event::Evict(index, shared.net.now));
        }
    }

    /// Somebody resumes a session with counts that can't be: the session stays on its connection.
    pub fn forge(&mut self, shared: &mut Shared) -> Verdict {
        let Some(index) = self.pick(shared) else { return Ok(()) };
        let Some(session) = &self.sessions[index] else { return Ok(()) };
        let Some(before) = session.end.session.attempt() else { return Ok(()) };
        let (received, acknowledged) = shared.net.random.pick(&[(u64::from(u32::MAX), 0), (u64::from(u32::MAX), 1)]);
        self.forged += 1;
        shared.census.forged += 1;
        let forged = Attempt(FORGED + self.forged);
        let known = Known::default().received(received).acknowledged(acknowledged).attempt(forged.0);
        self.greeted(shared, forged, Control::Resume { token: Token(index as u128), known })?;
        let after = self.sessions[index].as_ref().and_then(|session| session.end.session.attempt());
        Law::Protocol.holds(after == Some(before), || {
            format!("a resume that can't be took the session from {before:?} to {after:?}")
        })?;
        self.lost(shared, forged)
    }

    /// Takes a session back from the store that no server has.
    fn restore(&mut self, shared: &mut Shared, index: usize) -> Verdict {
        let Some(None) = self.sessions.get(index) else { return Ok(()) };
        let Some(stored) = self.store.get_mut(index).and_then(Option::as_mut) else { return Ok(()) };
        stored.abandoned = None;
        let messages = stored.messages.iter().map(|message| (*message, u64::from(message.bytes)));
        let taken = stored.taken.len() as u64;
        let restored = Stored { acknowledged: stored.acknowledged, messages, taken, attempt: stored.attempt };
        let end =
            Session::<Message, session::Server>::restore(shared.setup.bounds, welcome_of(shared, index), restored);
        let mut session = ServerSession::new(End::new(end, shared.twin));
        session.side.acknowledgements = Acknowledgements::restored(taken);
        for (place, message) in stored.messages.iter().enumerate() {
            session.side.pending.sent(MessageId(place as u64 + 1), *message)?;
            shared.record.of_mut(Way::Down).restored(message.number);
        }
        self.sessions[index] = Some(session);
        shared.census.restores += 1;
        Ok(())
    }

    fn acknowledged(&mut self, shared: &mut Shared, index: usize) -> Verdict {
        self.drain(shared, index)?;
        let Some(session) = &mut self.sessions[index] else { return Ok(()) };
        session.side.pending.agrees(session.end.session.delivered())?;
        // A store may learn of it later.
        if let Some(stored) = self.store[index].as_mut().filter(|_| shared.net.random.one_in(2)) {
            while stored.acknowledged < session.end.session.acknowledged() {
                stored.messages.pop_front();
                stored.acknowledged += 1;
            }
            self.keep(shared, index);
        }
        Ok(())
    }

    /// The state of the store may be one to which it goes back.
    fn keep(&mut self, shared: &mut Shared, index: usize) {
        if shared.setup.loses && shared.net.random.one_in(6) {
            self.earlier[index].clone_from(&self.store[index]);
        }
    }

    /// The store goes back to an earlier state of a session that no server has.
    fn roll_back(&mut self, shared: &mut Shared, index: usize) {
        let Some(earlier) = self.earlier[index].take() else { return };
        let Some(now) = self.store[index].replace(earlier.clone()) else { return };
        let had = earlier.taken.len();
        shared.record.of_mut(Way::Up).undone(index, &now.taken[had..], earlier.taken.last().copied());
        for message in &now.messages {
            if earlier.messages.iter().all(|other| other.number != message.number) {
                shared.record.of_mut(Way::Down).forgotten(message.number);
            }
        }
        self.lost.insert(index);
        shared.census.losses += 1;
    }

    /// A message of the app that came to its end is not stored any more. The store does not lose that: the numbers of what
    /// came after would not show it.
    fn unstore(&mut self, index: usize, number: u32) {
        for stored in [&mut self.store[index], &mut self.earlier[index]].into_iter().flatten() {
            stored.messages.retain(|other| other.number != number);
        }
    }

    // What the app does.

    /// Sends a message to one of its sessions.
    pub fn send(&mut self, shared: &mut Shared) -> Verdict {
        let Some(index) = self.pick(shared) else { return Ok(()) };
        let Some(session) = self.sessions[index].as_mut() else { return Ok(()) };
        let (message, time_to_live) = session.side.next(shared);
        let accepted = session.end.session.accepts(shared.net.millis(), u64::from(message.bytes));
        if accepted.is_ok() {
            let forgets = shared.twin.has(Defect::SendsBeforeItIsStored) && message.number.is_multiple_of(3);
            if let Some(stored) = self.store[index].as_mut().filter(|_| !forgets) {
                stored.messages.push_back(message);
            }
            match session.end.send(shared.net.millis(), message, time_to_live) {
                Ok(id) => session.side.accepts(shared, index, id, message, time_to_live)?,
                Err(refusal) => return Law::I7.broken(format!("accepted, then refused: {refusal}")),
            }
        }
        self.keep(shared, index);
        self.drain(shared, index)?;
        let Some(session) = &self.sessions[index] else { return Ok(()) };
        if accepted == Err(SendError::Full) {
            session.side.pending.refused(shared.setup.bounds, message.bytes)?;
        }
        session.side.pending.check(shared.setup.bounds)
    }

    pub fn withdraw(&mut self, shared: &mut Shared) -> Verdict {
        let Some(index) = self.pick(shared) else { return Ok(()) };
        if let Some(session) = &mut self.sessions[index] {
            let id = session.side.pending.last();
            let message = session.end.withdraw(id);
            session.side.withdraws(shared, id, message)?;
            if let Some(message) = message {
                self.unstore(index, message.number);
            }
        }
        self.drain(shared, index)
    }

    /// Asks whether a client is still there.
    pub fn ping(&mut self, shared: &mut Shared) -> Verdict {
        let Some(index) = self.pick(shared) else { return Ok(()) };
        if let Some(session) = self.sessions[index].as_mut().filter(|session| session.end.session.is_live())
            && let Some(attempt) = session.end.session.attempt()
        {
            session.pinged = shared.net.now;
            shared.give(attempt, Way::Down, Frame::of(Control::Ping(session.pinged))?);
        }
        Ok(())
    }

    pub fn finish(&mut self, shared: &mut Shared) -> Verdict {
        let Some(index) = self.pick(shared) else { return Ok(()) };
        if let Some(session) = &mut self.sessions[index] {
            session.end.session.end();
        }
        self.drain(shared, index)
    }

    /// Sends what breaks the protocol.
    pub fn err(&self, shared: &mut Shared, attempt: Attempt) -> Verdict {
        if self.on.contains_key(&attempt.0) {
            let control = shared.net.random.pick(&[Control::Ack { received: u64::from(u32::MAX) }, Control::New]);
            shared.give(attempt, Way::Down, Frame::of(control)?);
        }
        Ok(())
    }

    // What happens to it.

    pub fn timer(&mut self, shared: &mut Shared, index: usize) -> Verdict {
        if let Some(session) = self.sessions.get_mut(index).and_then(Option::as_mut) {
            session.side.alarm.rings();
            session.end.handle_timeout(shared.net.millis());
        }
        self.drain(shared, index)
    }

    /// A connection is gone.
    fn lost(&mut self, shared: &mut Shared, attempt: Attempt) -> Verdict {
        shared.net.leave(attempt, Way::Down);
        let Some(index) = self.session_on(attempt) else { return Ok(()) };
        let Some(session) = self.sessions.get_mut(index).and_then(Option::as_mut) else { return Ok(()) };
        let had = session.end.session.attempt();
        session.end.session.handle_lost(attempt);
        if had == Some(attempt) {
            session.down = Some(shared.net.now);
            shared.net.after(shared.setup.time_to_live, Event::Evict(index, shared.net.now));
        }
        self.drain(shared, index)
    }

    /// A session has been without a connection for as long as it may.
    pub fn evict(&mut self, shared: &mut Shared, index: usize, since: u64) -> Verdict {
        if let Some(session) = self.sessions[index].as_mut().filter(|session| session.down == Some(since)) {
            session.end.session.break_off();
            return self.drain(shared, index);
        }
        let stored = self.store.get(index).and_then(Option::as_ref);
        if stored.is_some_and(|stored| stored.abandoned == Some(since)) {
            self.store[index] = None;
            shared.record.of_mut(Way::Down).killed(index);
        }
        Ok(())
    }

    /// It dies, with all that it has not stored, and comes back.
    pub fn kill(&mut self, shared: &mut Shared) -> Verdict {
        self.starts += 1;
        self.on.clear();
        shared.record.server_up_at = shared.net.now + u64::from(shared.net.random.below(5_000));
        for attempt in shared.net.attempts() {
            if !shared.net.has_left(attempt, Way::Down) {
                shared.leave(attempt, Way::Down);
            }
        }
        for index in 0..self.sessions.len() {
            let Some(mut session) = self.sessions[index].take() else { continue };
            let Some(stored) = &mut self.store[index] else {
                shared.record.of_mut(Way::Down).killed(index);
                continue;
            };
            // What was under way to the store may have arrived there, without anybody to hear of it.
            for _ in 0..shared.net.random.below(session.storing.len() as u32 + 1) {
                let Some(number) = session.storing.pop_front() else { break };
                arrived(shared, index, number)?;
                stored.taken.push(number);
            }
            self.late.push((index, session.storing));
            if shared.setup.loses && shared.net.random.one_in(2) {
                self.roll_back(shared, index);
            }
            if let Some(stored) = &mut self.store[index] {
                stored.abandoned = Some(shared.net.now);
            }
            shared.net.after(shared.setup.time_to_live, Event::Evict(index, shared.net.now));
        }
        Ok(())
    }

    /// To be called when nothing more happens.
    pub fn close(&self) -> Verdict {
        let sessions = self.sessions.iter().flatten().map(|session| &session.end.session);
        let stuck = sessions.clone().find(|session| !session.is_live() || session.unacknowledged() > 0);
        Law::I4.holds(stuck.is_none(), || format!("the server is stuck: {stuck:?}"))
    }

    // How it is done.

    fn session_on(&self, attempt: Attempt) -> Option<usize> {
        self.on.get(&attempt.0).copied()
    }

    /// One of those that the app can send to.
    fn pick(&self, shared: &mut Shared) -> Option<usize> {
        let is_open = |session: &ServerSession| !session.end.session.is_ending();
        let open: Vec<usize> =
            (0..self.sessions.len()).filter(|index| self.sessions[*index].as_ref().is_some_and(is_open)).collect();
        if open.is_empty() { None } else { Some(shared.net.random.pick(&open)) }
    }

    fn drain(&mut self, shared: &mut Shared, index: usize) -> Verdict {
        let Some(session) = self.sessions.get_mut(index).and_then(Option::as_mut) else { return Ok(()) };
        let mut ended = Vec::new();
        while let Some(output) = session.end.poll() {
            session.side.carry_out(shared, &output, session.end.escapes())?;
            // What was delivered is removed when the session says how much was acknowledged.
            if let Output::Settle(Settled { message, outcome, .. }) = output
                && outcome != Outcome::Delivered
                && !shared.twin.has(Defect::StoresWhatEnded)
            {
                ended.push(message.number);
            }
        }
        let end = &session.end.session;
        session.side.rests(shared, end.is_live(), end.poll_timeout(), Event::ServerTimer(index))?;
        if end.is_over() {
            self.sessions[index] = None;
            self.store[index] = None;
        }
        for number in ended {
            self.unstore(index, number);
        }
        Ok(())
    }
}

impl ServerSession {
    fn new(end: End<session::Server>) -> Self {
        Self { end, side: Side::new(Way::Down), storing: VecDeque::new(), stored_at: 0, down: None, pinged: 0 }
    }

    fn took(&mut self, shared: &Shared, count: u64) {
        self.side.acknowledgements.took(count);
        self.end.session.take(shared.net.millis(), count);
    }
}

/// A message of the client has arrived for good.
fn arrived(shared: &mut Shared, session: usize, number: u32) -> Verdict {
    shared.census.up += 1;
    shared.record.of_mut(Way::Up).arrived(0, session, number)
}

fn welcome_of(shared: &Shared, session: usize) -> Welcome {
    let time_to_live = shared.setup.time_to_live;
    Welcome { token: Token(session as u128), time_to_live, terms: terms_of(shared), lost: false }
}

fn terms_of(shared: &Shared) -> Terms {
    Terms { spread: shared.setup.spread, largest: shared.setup.accepts }
}
