//! What makes an end the one that dials, or the one that answers.

use super::super::outbox::{Bounds, Outbox};
use super::super::wire::{Control, Token, Welcome};
use super::{Epoch, Millis, Phase, Receipts, Session, Violation};

/// What makes an end the one that dials, or the one that answers. There are these two.
pub trait End: sealed::Sealed {
    /// Whether it has to be answered before it sends.
    const ASKS: bool;

    /// What it says first on a line, having taken so many messages.
    fn greet(&self, received: u64) -> Control;

    /// What it is answered.
    fn hear_answer(&mut self, answer: Control) -> Result<Answer, Violation>;
}

/// What a guest is answered.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Answer {
    /// A fresh session. If there was one before, everything begins again.
    Fresh {
        /// Whether there was.
        reset: bool,
    },
    /// The session goes on.
    Resumed {
        /// How many messages the host has taken.
        received: u64,
    },
}

/// The end that dials: it asks for a session, and for the same one on each line after that.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub struct Guest {
    welcome: Option<Welcome>,
}

/// The end that answers.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Host {
    welcome: Welcome,
    greeting: Greeting,
}

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
enum Greeting {
    Welcome,
    Resumed,
}

/// What was stored of a session's end that is no more.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Stored<I> {
    /// How many messages of this end the other is known to have taken. Fewer than it has does no harm.
    pub acknowledged: u64,
    /// The messages that come after those, each with its bytes.
    pub messages: I,
    /// How many messages of the other end were taken.
    pub taken: u64,
}

impl End for Guest {
    const ASKS: bool = true;

    fn greet(&self, received: u64) -> Control {
        match self.welcome {
            None => Control::New,
            Some(Welcome { token, .. }) => Control::Resume { token, received },
        }
    }

    fn hear_answer(&mut self, answer: Control) -> Result<Answer, Violation> {
        match (answer, self.welcome) {
            (Control::Welcome(welcome), before) => {
                self.welcome = Some(welcome);
                Ok(Answer::Fresh { reset: before.is_some() })
            }
            (Control::Resumed { received }, Some(_)) => Ok(Answer::Resumed { received }),
            _ => Err(Violation::Unexpected),
        }
    }
}

impl End for Host {
    const ASKS: bool = false;

    fn greet(&self, received: u64) -> Control {
        match self.greeting {
            Greeting::Welcome => Control::Welcome(self.welcome),
            Greeting::Resumed => Control::Resumed { received },
        }
    }

    fn hear_answer(&mut self, _: Control) -> Result<Answer, Violation> {
        Err(Violation::Unexpected)
    }
}

impl<M> Session<M, Guest> {
    /// One that has yet to be asked for.
    pub fn new(bounds: Bounds) -> Self {
        Self::at(Guest::default(), Phase::Down, Outbox::new(bounds), Receipts::default())
    }

    /// The line stands. What is sent leaves once the host has answered.
    pub fn handle_opened(&mut self, line: Epoch) {
        if !self.is_ending() {
            self.outbox.detach();
            self.take_line(line);
        }
    }

    /// It is over, and another shall be asked for. Its tickets go on where those of this one ended.
    pub fn renew(&mut self) {
        self.break_off();
        self.end = Guest::default();
        self.phase = Phase::Down;
        self.receipts = Receipts::default();
        self.pong = None;
    }

    /// What the host said when the session began.
    pub fn welcome(&self) -> Option<&Welcome> {
        self.end.welcome.as_ref()
    }
}

impl<M> Session<M, Host> {
    /// A fresh one, for a guest that asked with [`Request::New`](super::Request::New), or with
    /// [`Request::Resume`](super::Request::Resume) for a session that there is not.
    pub fn new(bounds: Bounds, welcome: Welcome, line: Epoch) -> Self {
        let end = Host { welcome, greeting: Greeting::Welcome };
        Self::at(end, Phase::Greeting(line), Outbox::new(bounds), Receipts::default())
    }

    /// One that was stored, by this host or by another. It is without a line until it is resumed.
    pub fn restore(bounds: Bounds, welcome: Welcome, stored: Stored<impl IntoIterator<Item = (M, u64)>>) -> Self {
        let end = Host { welcome, greeting: Greeting::Resumed };
        let outbox = Outbox::restore(bounds, stored.acknowledged, stored.messages);
        Self::at(end, Phase::Down, outbox, Receipts::restore(stored.taken))
    }

    /// The guest asks for this session on another line. What it says to have received may be impossible: then the new
    /// line is to be closed, and for the session nothing has happened. Otherwise the line that it was on before is to be
    /// closed, if there is one.
    pub fn handle_resume(&mut self, now: Millis, line: Epoch, received: u64) -> Result<Option<Epoch>, Violation> {
        if self.is_ending() {
            return Err(Violation::Over);
        }
        self.outbox.resume(received).map_err(Violation::of_resume)?;
        self.outbox.expire(now);
        self.end.greeting = Greeting::Resumed;
        let older = self.line();
        self.take_line(line);
        Ok(older)
    }

    /// Its secret.
    pub fn token(&self) -> Token {
        self.end.welcome.token
    }
}

impl<M, E: End> Session<M, E> {
    fn at(end: E, phase: Phase, outbox: Outbox<M>, receipts: Receipts) -> Self {
        Self { end, phase, outbox, receipts, pong: None }
    }

    fn take_line(&mut self, line: Epoch) {
        self.phase = Phase::Greeting(line);
        self.receipts.pause();
        self.pong = None;
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Guest {}
    impl Sealed for super::Host {}
}
