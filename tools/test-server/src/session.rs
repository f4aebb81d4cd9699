//! `/session`: a host of sessions that lives in memory, for the tests of the guest.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_tungstenite::tungstenite::Message;
use undrop::core::outbox::Bounds;
use undrop::core::session::{Heard, Host, Output, Request, Session, Violation};
use undrop::core::wire::{self, Control, Token, Welcome};
use undrop::core::{Epoch, Millis};

use crate::crimes::close_frame;
use crate::line::Line;

/// What the server does with a session.
#[derive(Clone, Debug, PartialEq)]
pub struct Conduct {
    /// Under which its sessions are counted.
    pub id: String,
    /// How long a session outlives its line, in milliseconds.
    pub time_to_live: u32,
    pub spread: u32,
    /// What arrives is sent back.
    pub echoes: bool,
    /// What arrives is never taken.
    pub deaf: bool,
    /// So many numbered messages are sent, each so many milliseconds after the last.
    pub count: u64,
    pub interval: u64,
    /// Whenever so many more messages have arrived, TCP is reset.
    pub cut: u64,
    /// After so many messages that arrived, ...
    pub after: u64,
    /// ... this frame is sent, whatever it is, ...
    pub says: Option<String>,
    /// ... or the session ends.
    pub ends: bool,
}

/// All sessions.
#[derive(Clone)]
pub struct Hall {
    seats: Arc<Mutex<HashMap<u128, Arc<Seat>>>>,
    tallies: Arc<Mutex<HashMap<String, Tally>>>,
    opened: Instant,
}

/// What happened to the numbered messages of a guest, and to its sessions.
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

struct Seat {
    hall: Hall,
    conduct: Conduct,
    held: Mutex<Held>,
}

struct Held {
    session: Session<Message, Host>,
    /// The last line that it was given.
    epoch: Epoch,
    line: Option<UnboundedSender<Message>>,
    lost_at: Option<Instant>,
    arrived: u64,
}

/// Why a line ends.
enum End {
    /// The guest is gone.
    Gone,
    /// TCP is reset.
    Reset,
    /// It is closed with this code and reason.
    Close(u16, &'static str),
}

impl Default for Hall {
    fn default() -> Self {
        Self { seats: Arc::default(), tallies: Arc::default(), opened: Instant::now() }
    }
}

impl Hall {
    /// Talks to a guest, to the end of its line.
    pub async fn serve(&self, mut line: Line, conduct: Conduct) {
        let Some(first) = line.receive().await else { return line.finish().await };
        let (seat, epoch, frames) =
            match control(&first).and_then(Request::try_from).and_then(|request| self.seat(request, conduct)) {
                Ok(seated) => seated,
                Err(violation) => return close(line, Violation::CODE, violation.reason()).await,
            };
        let end = seat.attend(&mut line, epoch, frames).await;
        seat.lose(epoch);
        match end {
            End::Gone => line.finish().await,
            End::Reset => line.reset(),
            End::Close(code, reason) => close(line, code, reason).await,
        }
    }

    /// What is known of the guests of this `id`.
    pub fn report(&self, id: &str) -> Value {
        let Tally { sessions, resumes, received, lost, duplicated, sent, returned, .. } =
            lock(&self.tallies).get(id).copied().unwrap_or_default();
        json!({
            "sessions": sessions, "resumes": resumes, "received": received, "lost": lost, "duplicated": duplicated,
            "sent": sent, "returned": returned,
        })
    }

    fn seat(
        &self,
        request: Request,
        conduct: Conduct,
    ) -> Result<(Arc<Seat>, Epoch, UnboundedReceiver<Message>), Violation> {
        let (sender, frames) = unbounded_channel();
        if let Request::Resume { token, received } = request
            && let Some(seat) = lock(&self.seats).get(&token.0).cloned()
            && let Some(epoch) = seat.resume(received, sender.clone())?
        {
            self.count(&seat.conduct.id, |tally| tally.resumes += 1);
            return Ok((seat, epoch, frames));
        }
        let token = Token(lock(&self.seats).len() as u128 + 1);
        let welcome = Welcome { token, time_to_live: conduct.time_to_live, spread: conduct.spread };
        let epoch = Epoch(1);
        let session = Session::<_, Host>::new(Bounds::default(), welcome, epoch);
        let held = Mutex::new(Held { session, epoch, line: Some(sender), lost_at: None, arrived: 0 });
        self.count(&conduct.id, |tally| tally.sessions += 1);
        let seat = Arc::new(Seat { hall: self.clone(), conduct, held });
        lock(&self.seats).insert(token.0, seat.clone());
        seat.drain(&mut lock(&seat.held));
        if seat.conduct.count > 0 {
            tokio::spawn(seat.clone().push());
        }
        Ok((seat, epoch, frames))
    }

    fn count(&self, id: &str, change: impl FnOnce(&mut Tally)) {
        change(lock(&self.tallies).entry(id.to_owned()).or_default());
    }

    fn now(&self) -> Millis {
        Millis(self.opened.elapsed().as_millis() as u64)
    }
}

impl Seat {
    /// Gives the session a line. Nothing if it has been forgotten.
    fn resume(&self, received: u64, line: UnboundedSender<Message>) -> Result<Option<Epoch>, Violation> {
        let mut held = lock(&self.held);
        let life = Duration::from_millis(self.conduct.time_to_live.into());
        if held.session.is_ending() || held.lost_at.is_some_and(|at| at.elapsed() >= life) {
            return Ok(None);
        }
        let epoch = Epoch(held.epoch.0 + 1);
        held.session.handle_resume(self.hall.now(), epoch, received)?;
        held.epoch = epoch;
        held.lost_at = None;
        held.line = Some(line);
        self.drain(&mut held);
        Ok(Some(epoch))
    }

    async fn attend(&self, line: &mut Line, epoch: Epoch, mut frames: UnboundedReceiver<Message>) -> End {
        loop {
            let deadline = lock(&self.held).session.poll_timeout();
            let at = self.hall.opened + Duration::from_millis(deadline.map_or(u64::from(u32::MAX), |at| at.0));
            tokio::select! {
                frame = line.receive() => match frame {
                    None => return End::Gone,
                    Some(frame) => match self.hear(epoch, frame) {
                        Err(violation) => return End::Close(Violation::CODE, violation.reason()),
                        Ok(Heard::Ended) if lock(&self.held).session.is_over() && self.conduct.ends => {
                            return End::Close(1000, "the end");
                        }
                        Ok(_) => {}
                    },
                },
                frame = frames.recv() => {
                    let Some(frame) = frame else {
                        let is_last = lock(&self.held).epoch == epoch;
                        return if is_last { End::Reset } else { End::Close(4000, "another line has the session") };
                    };
                    if !line.feed(frame).await || frames.is_empty() && !line.flush().await {
                        return End::Gone;
                    }
                }
                () = sleep_until(at) => {
                    let mut held = lock(&self.held);
                    held.session.handle_timeout(self.hall.now());
                    self.drain(&mut held);
                }
            }
        }
    }

    fn hear(&self, epoch: Epoch, frame: Message) -> Result<Heard, Violation> {
        let mut held = lock(&self.held);
        let now = self.hall.now();
        let message = match &frame {
            Message::Text(text) => wire::unescape(text).map(Message::text),
            _ => Some(frame.clone()),
        };
        let heard = match message {
            None => held.session.handle_control(now, epoch, control(&frame)?)?,
            Some(message) => {
                if let Some(number) = held.session.handle_message(epoch, message.len() as u64)? {
                    if !self.conduct.deaf {
                        held.session.take(now, number);
                    }
                    self.arrive(&mut held, message);
                }
                Heard::Nothing
            }
        };
        self.drain(&mut held);
        Ok(heard)
    }

    /// The app gets a message.
    fn arrive(&self, held: &mut Held, message: Message) {
        let number = message.to_text().ok().and_then(|text| text.split('.').next()?.parse::<u64>().ok());
        self.hall.count(&self.conduct.id, |tally| {
            tally.received += 1;
            if let Some(number) = number {
                tally.duplicated += u64::from(number <= tally.last);
                tally.lost += number.saturating_sub(tally.last + 1);
                tally.last = tally.last.max(number);
            }
        });
        held.arrived += 1;
        if self.conduct.echoes {
            self.send(held, message);
        }
        if self.conduct.cut > 0 && held.arrived.is_multiple_of(self.conduct.cut) {
            held.line = None;
        }
        if held.arrived == self.conduct.after {
            if let (Some(says), Some(line)) = (&self.conduct.says, &held.line) {
                let _ = line.send(Message::text(says.clone()));
            }
            if self.conduct.ends {
                held.session.end();
            }
        }
    }

    fn send(&self, held: &mut Held, message: Message) -> bool {
        let bytes = message.len() as u64;
        let sent = held.session.send(self.hall.now(), message, bytes, None).is_ok();
        self.hall.count(&self.conduct.id, |tally| tally.sent += u64::from(sent));
        sent
    }

    /// The numbered messages, as fast as is wished and as there is room.
    async fn push(self: Arc<Self>) {
        for number in 1..=self.conduct.count {
            while !self.send(&mut lock(&self.held), Message::text(number.to_string())) {
                if lock(&self.held).session.is_ending() {
                    return;
                }
                sleep(Duration::from_millis(5)).await;
            }
            self.drain(&mut lock(&self.held));
            sleep(Duration::from_millis(self.conduct.interval)).await;
        }
    }

    fn drain(&self, held: &mut Held) {
        while let Some(output) = held.session.poll() {
            let frame = match output {
                Output::Transmit(_, Message::Text(text)) => Message::text(wire::escape(&text).into_owned()),
                Output::Transmit(_, message) => message,
                Output::Control(_, control) => Message::text(control.to_text()),
                Output::Return(_) => {
                    self.hall.count(&self.conduct.id, |tally| tally.returned += 1);
                    continue;
                }
            };
            if let Some(line) = &held.line {
                let _ = line.send(frame);
            }
        }
    }

    fn lose(&self, epoch: Epoch) {
        let mut held = lock(&self.held);
        held.session.handle_lost(epoch);
        if held.epoch == epoch {
            held.line = None;
            held.lost_at = Some(Instant::now());
        }
        self.drain(&mut held);
    }
}

fn control(frame: &Message) -> Result<Control, Violation> {
    let text = frame.to_text().map_err(|_| Violation::NoGreeting)?;
    Ok(Control::decode(text.bytes())?)
}

/// What the guest still says is read and forgotten.
async fn close(mut line: Line, code: u16, reason: &str) {
    line.write_raw(&close_frame(Some((code, reason)))).await;
    while line.receive().await.is_some() {}
    line.hang_up().await;
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
