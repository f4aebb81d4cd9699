//! `/session`: a server of sessions that lie in memory, for the tests of the client.
//!
//! It has a bare end of each session, and not a `Slot` of `undrop_proto::server` as other servers have, since it has to do what that
//! can't: answer without acknowledging, forget what it has acknowledged, say any frame, and reset TCP between two messages.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_tungstenite::tungstenite::Message;
use undrop_proto::outbox::Bounds;
use undrop_proto::session::{Heard, NotResumed, Output, Request, Server, Session, Stored, Violation};
use undrop_proto::wire::Known;
use undrop_proto::wire::{self, Control, Terms, Token, Welcome};
use undrop_proto::{Attempt, Millis, Outcome};

use crate::connection::Connection;
use crate::frames::close_frame;

/// What the server does with a session.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionOptions {
    /// Under which its sessions are counted.
    pub id: String,
    /// How long a session is kept after its connection is lost, in milliseconds.
    pub time_to_live: u32,
    pub spread: u32,
    /// The largest message that it accepts, in bytes, as it says.
    pub largest: u32,
    /// It says of a session that there is no more that a part of it was lost.
    pub lost: bool,
    /// A session that is resumed has lost all that it had taken, and nobody has noticed.
    pub forgets: bool,
    /// What arrives is sent back.
    pub echoes: bool,
    /// What arrives is never acknowledged.
    pub deaf: bool,
    /// So many numbered messages are sent, each so many milliseconds after the last.
    pub count: u64,
    pub interval: u64,
    /// Whenever so many more messages have arrived, TCP is reset.
    pub cut: u64,
    /// How many messages arrive before `says` is sent, or with `ends` the session ends.
    pub after: u64,
    /// This frame is sent, whatever it is.
    pub says: Option<String>,
    /// The session ends.
    pub ends: bool,
}

/// All sessions.
#[derive(Clone)]
pub struct SessionManager {
    slots: Arc<Mutex<HashMap<u128, Arc<Slot>>>>,
    tallies: Arc<Mutex<HashMap<String, Tally>>>,
    opened: Instant,
}

/// Counts of the numbered messages of a client, and of its sessions.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    sessions: u64,
    resumes: u64,
    last: u64,
    received: u64,
    lost: u64,
    duplicated: u64,
    sent: u64,
    returned: u64,
}

struct Slot {
    manager: SessionManager,
    options: SessionOptions,
    state: Mutex<SlotState>,
}

struct SlotState {
    session: Session<Message, Server>,
    /// That of its latest connection.
    attempt: Attempt,
    connection: Option<UnboundedSender<Message>>,
    lost_at: Option<Instant>,
    arrived: u64,
}

/// Why a connection ends.
enum End {
    /// The client is gone.
    Gone,
    /// TCP is reset.
    Reset,
    /// It is closed with this code and reason.
    Close(u16, &'static str),
}

const TAKEN_OVER: &str = "another connection has the session";

impl From<Violation> for End {
    fn from(violation: Violation) -> Self {
        End::Close(Violation::CODE, violation.reason())
    }
}

impl SessionOptions {
    fn terms(&self) -> Terms {
        Terms { spread: self.spread, largest: self.largest }
    }
}

impl Default for SessionManager {
    fn default() -> Self {
        Self { slots: Arc::default(), tallies: Arc::default(), opened: Instant::now() }
    }
}

impl SessionManager {
    /// Serves a client to the end of its connection.
    pub async fn serve(&self, mut connection: Connection, options: SessionOptions) {
        let Some(first) = connection.receive().await else { return connection.finish().await };
        let request = control(&first).and_then(Request::try_from).map_err(End::from);
        let end = match request.and_then(|request| self.slot_for(request, options)) {
            Ok((slot, attempt, frames)) => {
                let end = slot.serve(&mut connection, attempt, frames).await;
                slot.handle_lost(attempt);
                end
            }
            Err(end) => end,
        };
        match end {
            End::Gone => connection.finish().await,
            End::Reset => connection.reset(),
            End::Close(code, reason) => close(connection, code, reason).await,
        }
    }

    /// The counts of the clients of this `id`.
    pub fn report(&self, id: &str) -> Value {
        let Tally { sessions, resumes, received, lost, duplicated, sent, returned, .. } =
            lock(&self.tallies).get(id).copied().unwrap_or_default();
        json!({
            "sessions": sessions, "resumes": resumes, "received": received, "lost": lost, "duplicated": duplicated,
            "sent": sent, "returned": returned,
        })
    }

    fn slot_for(
        &self,
        request: Request,
        options: SessionOptions,
    ) -> Result<(Arc<Slot>, Attempt, UnboundedReceiver<Message>), End> {
        let (sender, frames) = unbounded_channel();
        let mut lost = false;
        if let Request::Resume { token, known } = request {
            let slot = lock(&self.slots).get(&token.0).cloned();
            match slot.as_ref().map_or(Err(NotResumed::Over), |slot| slot.resume(known, sender.clone())) {
                Ok((slot, attempt)) => {
                    self.count(&slot.options.id, |tally| tally.resumes += 1);
                    return Ok((slot, attempt, frames));
                }
                Err(NotResumed::Late) => return Err(End::Close(4000, TAKEN_OVER)),
                Err(NotResumed::Past) => return Err(End::from(Violation::ResumeOfThePast)),
                Err(NotResumed::Lost) => lost = true,
                Err(NotResumed::Over) => lost = options.lost,
            }
        }
        let token = Token(lock(&self.slots).len() as u128 + 1);
        let welcome = Welcome { token, time_to_live: options.time_to_live, terms: options.terms(), lost };
        let attempt = Attempt(1);
        let session = match request {
            Request::New => Session::<_, Server>::new(Bounds::default(), welcome, attempt),
            Request::Resume { .. } => Session::<_, Server>::instead(Bounds::default(), welcome, attempt),
        };
        let state = Mutex::new(SlotState { session, attempt, connection: Some(sender), lost_at: None, arrived: 0 });
        self.count(&options.id, |tally| tally.sessions += 1);
        let slot = Arc::new(Slot { manager: self.clone(), options, state });
        lock(&self.slots).insert(token.0, slot.clone());
        slot.drain(&mut lock(&slot.state));
        if slot.options.count > 0 {
            tokio::spawn(slot.clone().push());
        }
        Ok((slot, attempt, frames))
    }

    fn count(&self, id: &str, change: impl FnOnce(&mut Tally)) {
        change(lock(&self.tallies).entry(id.to_owned()).or_default());
    }

    fn now(&self) -> Millis {
        Millis(self.opened.elapsed().as_millis() as u64)
    }
}

impl Slot {
    /// Attaches a connection to the session, unless it has expired.
    fn resume(
        self: &Arc<Self>,
        mut known: Known,
        connection: UnboundedSender<Message>,
    ) -> Result<(Arc<Self>, Attempt), NotResumed> {
        let mut state = lock(&self.state);
        let life = Duration::from_millis(self.options.time_to_live.into());
        if state.lost_at.is_some_and(|at| at.elapsed() >= life) {
            return Err(NotResumed::Over);
        }
        let attempt = Attempt(state.attempt.0 + 1);
        let terms = self.options.terms();
        if self.options.forgets {
            let welcome =
                Welcome { token: state.session.token(), time_to_live: self.options.time_to_live, terms, lost: false };
            let attempt = known.answered;
            let stored = Stored { acknowledged: known.received, messages: [], taken: 0, attempt };
            state.session = Session::<_, Server>::restore(Bounds::default(), welcome, stored);
            known.acknowledged = 0;
        }
        state.session.handle_resume(self.manager.now(), attempt, known, terms)?;
        state.attempt = attempt;
        state.lost_at = None;
        state.connection = Some(connection);
        self.drain(&mut state);
        Ok((self.clone(), attempt))
    }

    async fn serve(
        &self,
        connection: &mut Connection,
        attempt: Attempt,
        mut frames: UnboundedReceiver<Message>,
    ) -> End {
        loop {
            let deadline = lock(&self.state).session.poll_timeout();
            let at = self.manager.opened + Duration::from_millis(deadline.map_or(u64::from(u32::MAX), |at| at.0));
            tokio::select! {
                frame = connection.receive() => match frame {
                    None => return End::Gone,
                    Some(frame) => match self.handle_frame(attempt, frame) {
                        Err(violation) => return violation.into(),
                        Ok(Heard::Ended) if lock(&self.state).session.is_over() && self.options.ends => {
                            return End::Close(1000, "the end");
                        }
                        Ok(_) => {}
                    },
                },
                frame = frames.recv() => {
                    let Some(frame) = frame else {
                        let is_last = lock(&self.state).attempt == attempt;
                        return if is_last { End::Reset } else { End::Close(4000, TAKEN_OVER) };
                    };
                    if !connection.feed(frame).await || frames.is_empty() && !connection.flush().await {
                        return End::Gone;
                    }
                }
                () = sleep_until(at) => {
                    let mut state = lock(&self.state);
                    state.session.handle_timeout(self.manager.now());
                    self.drain(&mut state);
                }
            }
        }
    }

    fn handle_frame(&self, attempt: Attempt, frame: Message) -> Result<Heard, Violation> {
        let mut state = lock(&self.state);
        let now = self.manager.now();
        let message = match &frame {
            Message::Text(text) => wire::unescape(text).map(Message::text),
            _ => Some(frame.clone()),
        };
        let heard = match message {
            None => state.session.handle_control(now, attempt, control(&frame)?)?,
            Some(message) => {
                if let Some(number) = state.session.handle_message(attempt, message.len() as u64)? {
                    if !self.options.deaf {
                        state.session.take(now, number);
                    }
                    self.handle_arrived(&mut state, message);
                }
                Heard::Nothing
            }
        };
        self.drain(&mut state);
        Ok(heard)
    }

    /// A message arrived.
    fn handle_arrived(&self, state: &mut SlotState, message: Message) {
        let number = message.to_text().ok().and_then(|text| text.split('.').next()?.parse::<u64>().ok());
        self.manager.count(&self.options.id, |tally| {
            tally.received += 1;
            if let Some(number) = number {
                tally.duplicated += u64::from(number <= tally.last);
                tally.lost += number.saturating_sub(tally.last + 1);
                tally.last = tally.last.max(number);
            }
        });
        state.arrived += 1;
        if self.options.echoes {
            self.send(state, message);
        }
        if self.options.cut > 0 && state.arrived.is_multiple_of(self.options.cut) {
            state.connection = None;
        }
        if state.arrived == self.options.after {
            if let (Some(says), Some(connection)) = (&self.options.says, &state.connection) {
                let _ = connection.send(Message::text(says.clone()));
            }
            if self.options.ends {
                state.session.end();
            }
        }
    }

    fn send(&self, state: &mut SlotState, message: Message) -> bool {
        let bytes = message.len() as u64;
        let sent = state.session.send(self.manager.now(), message, bytes, None).is_ok();
        self.manager.count(&self.options.id, |tally| tally.sent += u64::from(sent));
        sent
    }

    /// Sends the numbered messages, as fast as was asked for and as there is room.
    async fn push(self: Arc<Self>) {
        for number in 1..=self.options.count {
            while !self.send(&mut lock(&self.state), Message::text(number.to_string())) {
                if lock(&self.state).session.is_ending() {
                    return;
                }
                sleep(Duration::from_millis(5)).await;
            }
            self.drain(&mut lock(&self.state));
            sleep(Duration::from_millis(self.options.interval)).await;
        }
    }

    fn drain(&self, state: &mut SlotState) {
        while let Some(output) = state.session.poll() {
            let frame = match output {
                Output::Transmit(_, Message::Text(text)) => Message::text(wire::escape(&text).into_owned()),
                Output::Transmit(_, message) => message,
                Output::Control(_, control) => Message::text(control.to_text()),
                Output::Settle(settled) => {
                    if settled.outcome != Outcome::Delivered {
                        self.manager.count(&self.options.id, |tally| tally.returned += 1);
                    }
                    continue;
                }
            };
            if let Some(connection) = &state.connection {
                let _ = connection.send(frame);
            }
        }
    }

    fn handle_lost(&self, attempt: Attempt) {
        let mut state = lock(&self.state);
        state.session.handle_lost(attempt);
        if state.attempt == attempt {
            state.connection = None;
            state.lost_at = Some(Instant::now());
        }
        self.drain(&mut state);
    }
}

fn control(frame: &Message) -> Result<Control, Violation> {
    let text = frame.to_text().map_err(|_| Violation::NoGreeting)?;
    Ok(Control::decode(text.bytes())?)
}

/// Closes the connection; what the client still sends is read and ignored.
async fn close(mut connection: Connection, code: u16, reason: &str) {
    connection.write_raw(&close_frame(Some((code, reason)))).await;
    while connection.receive().await.is_some() {}
    connection.end_tcp().await;
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
