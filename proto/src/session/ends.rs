//! What only one of the two ends of a session does: how it begins, and how it goes on on another connection.

use super::receipts::Receipts;
use super::roles::{Client, Greeting, Role, Server, Stored};
use super::violation::NotResumed;
use super::{Phase, Session};
use crate::outbox::{Bounds, Impossible, Outbox};
use crate::server::Known;
use crate::wire::{Terms, Token, Welcome};
use crate::{Attempt, Millis};

impl<M> Session<M, Client> {
    /// A session that the client has yet to ask for.
    pub fn new(bounds: Bounds) -> Self {
        Self::at(Client::default(), Phase::Detached, Outbox::new(bounds), Receipts::default())
    }

    /// The handshake of this attempt succeeded. Messages are sent once the server has answered.
    pub fn handle_opened(&mut self, attempt: Attempt) {
        if !self.is_ending() {
            self.outbox.detach();
            self.take_attempt(attempt);
        }
    }

    /// The session is over, and the client asks for another. Message numbers go on.
    pub fn renew(&mut self) {
        self.break_off();
        self.role = Client::default();
        self.phase = Phase::Detached;
        self.receipts = Receipts::default();
        self.pong = None;
    }

    /// The token of the session, once there is one.
    pub fn token(&self) -> Option<Token> {
        self.role.token
    }

    /// What the server asks of its clients, once it has said so.
    pub fn terms(&self) -> Option<Terms> {
        self.role.terms
    }
}

impl<M> Session<M, Server> {
    /// A new session, for a client that asked with [`Request::New`](super::Request::New). The client may have sent messages
    /// behind that.
    pub fn new(bounds: Bounds, welcome: Welcome, attempt: Attempt) -> Self {
        let role = Server { welcome, greeting: Greeting::Welcome, resumed: 0 };
        Self::at(role, Phase::Greeting(attempt), Outbox::new(bounds), Receipts::default())
    }

    /// A new session, for a client that asked with [`Request::Resume`](super::Request::Resume) for a session that does not
    /// exist, is [over](NotResumed::Over), or has [lost](NotResumed::Lost) a part. The client has to wait for the answer.
    pub fn instead(bounds: Bounds, welcome: Welcome, attempt: Attempt) -> Self {
        let role = Server { welcome, greeting: Greeting::Instead, resumed: 0 };
        Self::at(role, Phase::Greeting(attempt), Outbox::new(bounds), Receipts::default())
    }

    /// A session that was stored, by this server or by another. It has no connection until it is resumed.
    pub fn restore(bounds: Bounds, welcome: Welcome, stored: Stored<impl IntoIterator<Item = (M, u64)>>) -> Self {
        let role = Server { welcome, greeting: Greeting::Resumed, resumed: stored.attempt };
        let outbox = Outbox::restore(bounds, stored.acknowledged, stored.messages);
        Self::at(role, Phase::Detached, outbox, Receipts::restore(stored.taken))
    }

    /// The client asks for this session on another connection. If what it knows can't be, nothing has happened to the
    /// session. Otherwise the older connection of the session, which is returned, is to be closed.
    pub fn handle_resume(
        &mut self,
        now: Millis,
        attempt: Attempt,
        known: Known,
        terms: Terms,
    ) -> Result<Option<Attempt>, NotResumed> {
        if self.is_ending() {
            return Err(NotResumed::Over);
        }
        known.follows(self.role.resumed)?;
        if known.acknowledged > self.receipts.taken() {
            return Err(NotResumed::Lost);
        }
        self.outbox.resume(known.received).map_err(|impossible| match impossible {
            Impossible::Future => NotResumed::Lost,
            Impossible::Past => NotResumed::Past,
        })?;
        self.role.resumed = known.attempt;
        self.outbox.expire(now);
        self.role.greeting = Greeting::Resumed;
        self.role.welcome.terms = terms;
        let older = self.attempt();
        self.take_attempt(attempt);
        Ok(older)
    }

    /// The token of the session.
    pub fn token(&self) -> Token {
        self.role.welcome.token
    }

    /// The number that the client gave the connection on which the session was resumed last; 0 if it was not.
    pub fn resumed(&self) -> u32 {
        self.role.resumed
    }
}

impl<M, R: Role> Session<M, R> {
    fn at(role: R, phase: Phase, outbox: Outbox<M>, receipts: Receipts) -> Self {
        Self { role, phase, outbox, receipts, pong: None }
    }

    fn take_attempt(&mut self, attempt: Attempt) {
        self.phase = Phase::Greeting(attempt);
        self.receipts.pause();
        self.pong = None;
    }
}
