//! Drives a connection in the browser: tells the core what happened, does what it says.

use core::mem::discriminant;

use super::lent::Lent;
use super::native::{self, heard};
#[cfg(feature = "session")]
use crate::core::outbox::Bounds;
use crate::core::{
    Config, Connection, Deed, Drop as Dropped, Epoch, Event, Fate, Millis, Output, Signal, State, Verdict,
};

/// Who acts and who is told, in JavaScript or in Rust. It holds the browser's socket and its timer.
pub(crate) trait Face: Clone {
    /// What the core has of a message.
    type Message: Clone;
    /// What the browser's constructor throws.
    type Refusal;
    /// Opens a socket in place of the last, and reports to [`Driver::hear`] what becomes of it under this number. If the
    /// URL has to be found first, it is opened once `FOUND` has been answered with true.
    fn dial(&self, epoch: Epoch) -> Result<(), Self::Refusal>;
    /// Forgets the socket, if there is one, and closes it.
    fn hang_up(&self);
    /// Reports `TIME` after so many milliseconds, and no other; never, if negative.
    fn wake(&self, delay: f64);
    /// Reports what the page says of itself, from now on. What it says now is returned as by `condition` in
    /// `native.js`.
    fn watch(&self) -> u32;
    /// It is over: the socket is forgotten, nothing more is heard of the page, and what is held for the user's sake may
    /// go. The user is told, unless the browser does that.
    fn end(&self, tells: bool);
    /// Tells the user of something that the browser does not tell by itself.
    fn tell(&self, event: Event);
    /// Tells the user of a lost line, and asks what to make of it if it is up to the user.
    fn tell_drop(&self, dropped: Dropped, asks: bool) -> Verdict;
    /// Sends a message that has waited.
    fn transmit(&self, message: Self::Message);
    /// Hands a message back.
    fn give_back(&self, message: Self::Message, fate: Fate);
    /// Sends a heartbeat.
    fn ping(&self);
    /// Does this for the session. Without one there is nothing.
    fn serve(&self, deed: Deed) {
        let _ = deed;
    }
}

/// A connection at work, from [`start`](Driver::start) on. Dropping it closes its socket, and nothing is called after that.
pub(crate) struct Driver<F: Face> {
    face: F,
    connection: Lent<Connection<F::Message>>,
    /// When the timer is to go off.
    due: Lent<Option<Millis>>,
}

impl<F: Face> Driver<F> {
    /// Begins with [`start`](Self::start).
    pub(crate) fn new(face: F, config: Config, seed: u64) -> Self {
        Self::of(face, Connection::new(config, now(), seed))
    }

    /// The same, and keeps a session.
    #[cfg(feature = "session")]
    pub(crate) fn with_session(face: F, config: Config, bounds: Bounds, seed: u64) -> Self {
        Self::of(face, Connection::with_session(config, bounds, now(), seed))
    }

    fn of(face: F, connection: Connection<F::Message>) -> Self {
        Self { face, connection: Lent::new(connection), due: Lent::new(None) }
    }

    /// Dials. What the browser's own constructor throws is returned.
    pub(crate) fn start(&self) -> Result<(), F::Refusal> {
        // Only now can the browser refuse: later dials are made of what it took once.
        while let Some(output) = self.with(Connection::poll) {
            if let Output::Dial(epoch) = output {
                self.face.dial(epoch)?;
            }
        }
        self.watch();
        self.set_timer();
        Ok(())
    }

    /// Something happened outside. True if the browser's own event may reach the page.
    pub(crate) fn hear(&self, what: u32, epoch: u32, detail: u32, clean: bool) -> bool {
        let epoch = Epoch(epoch);
        let now = now();
        let wanted = self.with(|connection| {
            match what {
                heard::OPENED => connection.handle_opened(now, epoch),
                heard::FAILED => connection.handle_error(epoch),
                heard::CLOSED => connection.handle_closed(now, epoch, detail as u16, clean),
                heard::NOT_FOUND => connection.handle_no_url(now, epoch),
                heard::TIME => connection.handle_timeout(now),
                heard::SIGNAL => connection.handle_signal(now, signal(detail)),
                _ => {}
            }
            what == heard::FOUND && connection.epoch() == epoch && connection.state() == State::Connecting
        });
        if what == heard::TIME {
            self.due.with(|due| *due = None);
        }
        let event = match what {
            heard::OPENED => Some(Event::Open),
            heard::FAILED => Some(Event::Error),
            heard::CLOSED => Some(Event::Close),
            _ => None,
        };
        self.drain(event) || wanted
    }

    /// Calls into the core, and does what it then wants done.
    pub(crate) fn ask<R>(&self, call: impl FnOnce(&mut Connection<F::Message>) -> R) -> R {
        let answer = self.with(call);
        self.drain(None);
        answer
    }

    /// Calls into the core where that leaves nothing to be done.
    pub(crate) fn with<R>(&self, call: impl FnOnce(&mut Connection<F::Message>) -> R) -> R {
        self.connection.with(call)
    }

    /// The user closes. The socket, if there is one that may answer, has been told.
    pub(crate) fn close(&self, answers: bool) {
        let now = now();
        self.ask(|connection| if answers { connection.close(now) } else { connection.close_unanswered(now) });
    }

    /// Dials now, also if it was over.
    pub(crate) fn reconnect(&self) {
        self.watch();
        let now = now();
        self.ask(|connection| connection.reconnect(now));
    }

    /// Does all that the core wants done, and so is called after every call into it, also from within itself when the
    /// user acts on what is told. True if the browser's own `event` may reach the page: it tells what there
    /// is to tell, and tells it last, since the page sees it after all that is done here.
    #[inline(never)]
    fn drain(&self, event: Option<Event>) -> bool {
        let mut passes = false;
        let face = &self.face;
        while let Some(output) = self.with(Connection::poll) {
            match output {
                Output::Dial(epoch) => {
                    if face.dial(epoch).is_err() {
                        let now = now();
                        self.with(|connection| connection.handle_no_url(now, epoch));
                    }
                }
                Output::HangUp(_) => face.hang_up(),
                Output::Transmit(message) => face.transmit(message),
                Output::Consult(epoch, dropped) => {
                    let verdict = face.tell_drop(dropped, true);
                    let now = now();
                    self.with(|connection| connection.handle_verdict(now, epoch, verdict));
                }
                Output::Notify(Event::Drop(dropped)) => {
                    if face.tell_drop(dropped, false) == Verdict::GiveUp {
                        self.with(Connection::give_up);
                    }
                }
                Output::Notify(told) => {
                    passes = event.is_some_and(|event| discriminant(&event) == discriminant(&told))
                        && self.with(|connection| connection.is_drained());
                    // Unless the user, told of something else, has just asked for a new line.
                    if told == Event::Close && self.with(|connection| connection.state()) == State::Closed {
                        face.end(!passes);
                    } else if !passes {
                        face.tell(told);
                    }
                }
                Output::Return(message, fate) => face.give_back(message, fate),
                Output::Ping => face.ping(),
                Output::Session(deed) => face.serve(deed),
            }
        }
        self.set_timer();
        passes
    }

    fn watch(&self) {
        let condition = self.face.watch();
        let now = now();
        let sight = if condition & 1 != 0 { Signal::Hidden } else { Signal::Visible };
        let network = if condition & 2 != 0 { Signal::Offline } else { Signal::Online };
        self.with(|connection| {
            connection.handle_signal(now, sight);
            connection.handle_signal(now, network);
        });
    }

    /// One that goes off too early is left alone: it finds nothing to do, and is set anew then. For a session it would be
    /// moved twice with each acknowledgement.
    fn set_timer(&self) {
        let due = self.with(|connection| connection.poll_timeout());
        let last = self.due.with(|last| *last);
        let is_soon_enough = last.is_some_and(|last| due.is_some_and(|due| last <= due));
        if last != due && !is_soon_enough {
            self.due.with(|last| *last = due);
            self.face.wake(due.map_or(-1.0, |due| due.since(now()) as f64));
        }
    }
}

impl<F: Face> Drop for Driver<F> {
    fn drop(&mut self) {
        self.face.end(false);
    }
}

pub(crate) fn now() -> Millis {
    Millis(native::now() as u64)
}

fn signal(detail: u32) -> Signal {
    match detail {
        0 => Signal::Online,
        1 => Signal::Offline,
        2 => Signal::Visible,
        3 => Signal::Hidden,
        _ => Signal::Wake,
    }
}
