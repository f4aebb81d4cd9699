//! What the app sees: a conversation with one client that outlives its lines.

use std::error::Error;
use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;

use tokio::sync::oneshot;

use crate::mailbox::Mailbox;
use crate::{Handshake, Message, Principal, SessionId};

/// A conversation with one client that outlives its lines.
///
/// The app's handler gets one for each session, and it is over when the handler returns. All it waits for happens in one
/// task, so a handler that computes for long should do so elsewhere.
pub struct Session {
    id: SessionId,
    principal: Principal,
    handshake: Arc<Handshake>,
    restored: bool,
    mailbox: Arc<Mailbox>,
}

/// Sends into a session, from wherever.
#[derive(Clone)]
pub struct Sender {
    id: SessionId,
    mailbox: Arc<Mailbox>,
}

/// A message that arrived.
///
/// Its client keeps it until the store has it, and the store until it is committed. As long as it is not, a handler that
/// comes after this one gets it again, under the same number.
#[must_use = "a message that is not committed comes again"]
pub struct Received {
    /// The message.
    pub message: Message,
    /// Which of the session's messages it is, from 1.
    pub number: u64,
    /// The session.
    pub session: SessionId,
    mailbox: Arc<Mailbox>,
}

/// How a session ended, as far as this handler is concerned.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ending {
    /// Why.
    pub cause: Cause,
    /// What the app sent and the client has not acknowledged: it may have arrived or not. Empty if the session lives on.
    pub undelivered: Vec<Message>,
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Cause {
    /// The client ended it.
    Client,
    /// The app did: it closed it, or its handler returned.
    App,
    /// It had no line for longer than it may.
    Expired,
    /// It had no line, and had to make room for another.
    Evicted,
    /// The client broke the protocol.
    Violation,
    /// Another node has it now, or the store has lost it.
    Moved,
    /// This server ends. The session lives on in the store, if that outlives the server.
    Shutdown,
    /// Its handler panicked. The next line gets another handler.
    Failed,
}

impl Cause {
    /// Whether the session is still there, for somebody else.
    pub(crate) fn lives_on(self) -> bool {
        matches!(self, Cause::Moved | Cause::Shutdown | Cause::Failed)
    }

    /// The answer to each commit that a session which ended for this cause can't store any more.
    pub(crate) fn answer_to_commit(self, has_replies: bool) -> Result<(), NotCommitted> {
        if self.lives_on() {
            Err(NotCommitted::Moved)
        } else if has_replies {
            Err(NotCommitted::Over)
        } else {
            // No handler will ever receive the message again.
            Ok(())
        }
    }
}

/// A message was not taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SendError {
    /// As much as may be is on its way already: [`Limits::outbox`](crate::Limits::outbox), or
    /// [`Limits::outboxes`](crate::Limits::outboxes).
    Full,
    /// The session is over.
    Over,
}

/// A message was not committed, and nothing was sent with it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NotCommitted {
    /// There is no room for what was to be sent with it.
    Full,
    /// The session is over, and what was to be sent with it can't be.
    Over,
    /// The session is another node's, whose handler gets the message, or has got it already.
    Moved,
    /// This server ends, and it is not known whether the store has it.
    Unknown,
}

impl Session {
    pub(crate) fn new(
        id: SessionId,
        principal: Principal,
        handshake: Arc<Handshake>,
        restored: bool,
        mailbox: Arc<Mailbox>,
    ) -> Self {
        Self { id, principal, handshake, restored, mailbox }
    }

    /// Its name, which is the same on all nodes.
    pub fn id(&self) -> SessionId {
        self.id
    }

    /// Whose it is.
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// The request of the line that it began on, or for a [restored](Self::is_restored) one was restored on.
    pub fn handshake(&self) -> &Handshake {
        &self.handshake
    }

    /// Whether it had a handler before this one, which has died with its node or panicked. What that one did not commit
    /// comes again.
    pub fn is_restored(&self) -> bool {
        self.restored
    }

    /// How many messages were sent in this session, by this handler and those before it.
    pub fn sent(&self) -> u64 {
        self.mailbox.sent()
    }

    /// The next message, or nothing when the session is over for this handler and there are no more.
    pub async fn recv(&mut self) -> Option<Received> {
        let (number, message) = poll_fn(|context| self.mailbox.poll_received(context)).await?;
        Some(Received { message, number, session: self.id, mailbox: self.mailbox.clone() })
    }

    /// How it ended, if it has.
    pub fn ending(&self) -> Option<Ending> {
        self.mailbox.ending()
    }

    /// Sends into it, from wherever.
    pub fn sender(&self) -> Sender {
        Sender { id: self.id, mailbox: self.mailbox.clone() }
    }

    /// As [`Sender::send`].
    pub fn send(&self, message: impl Into<Message>) -> Result<(), SendError> {
        self.mailbox.send(message.into(), None)
    }

    /// As [`Sender::deliver`].
    pub async fn deliver(&self, message: impl Into<Message>) -> Result<(), SendError> {
        deliver(&self.mailbox, message.into()).await
    }

    /// As [`Sender::close`].
    pub fn close(&self, code: u16, reason: impl Into<String>) {
        self.mailbox.close(code, reason.into());
    }
}

impl Sender {
    /// The session's name.
    pub fn session(&self) -> SessionId {
        self.id
    }

    /// How many messages were sent in this session, by this handler and those before it.
    pub fn sent(&self) -> u64 {
        self.mailbox.sent()
    }

    /// Sends a message. It is stored, leaves as soon as there is a line, and arrives once and in order.
    pub fn send(&self, message: impl Into<Message>) -> Result<(), SendError> {
        self.mailbox.send(message.into(), None)
    }

    /// Sends a message and waits until the client has it. If the session ends before that, it is not known whether it
    /// has: [`SendError::Over`].
    pub async fn deliver(&self, message: impl Into<Message>) -> Result<(), SendError> {
        deliver(&self.mailbox, message.into()).await
    }

    /// Ends the session, once the client has got all that was sent before, and closes its line with this code. Codes that may
    /// be used are 1000 and 3000 to 4999; any other becomes 1000.
    pub fn close(&self, code: u16, reason: impl Into<String>) {
        self.mailbox.close(code, reason.into());
    }
}

async fn deliver(mailbox: &Mailbox, message: Message) -> Result<(), SendError> {
    let (delivered, is_delivered) = oneshot::channel();
    mailbox.send(message, Some(delivered))?;
    is_delivered.await.map_err(|_| SendError::Over)
}

impl Received {
    /// Says that the app is done with this message and all before it, and waits until the store knows. They never come
    /// again after that.
    pub async fn commit(&self) -> Result<(), NotCommitted> {
        self.commit_with([] as [Message; 0]).await
    }

    /// The same, and sends these, in one atomic step: either the message is committed and they are on their way, or it
    /// comes again and they were never sent.
    pub async fn commit_with<M: Into<Message>>(
        &self,
        replies: impl IntoIterator<Item = M>,
    ) -> Result<(), NotCommitted> {
        let (done, is_done) = oneshot::channel();
        self.mailbox.commit(self.number, replies.into_iter().map(Into::into).collect(), done);
        is_done.await.unwrap_or(Err(NotCommitted::Unknown))
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Session")
            .field("id", &self.id)
            .field("principal", &self.principal)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sender").field("session", &self.id).finish_non_exhaustive()
    }
}

impl fmt::Debug for Received {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Received { message, number, session, .. } = self;
        let mut debug = formatter.debug_struct("Received");
        debug.field("session", session).field("number", number).field("message", message).finish_non_exhaustive()
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            SendError::Full => "the client has too much on its way already",
            SendError::Over => "the session is over",
        })
    }
}

impl Error for SendError {}

impl fmt::Display for NotCommitted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            NotCommitted::Full => "not committed: the client has too much on its way already",
            NotCommitted::Over => "not committed: the session is over",
            NotCommitted::Moved => "not committed: the session is another node's",
            NotCommitted::Unknown => "the server ended before the store answered",
        })
    }
}

impl Error for NotCommitted {}

impl From<SendError> for NotCommitted {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Full => NotCommitted::Full,
            SendError::Over => NotCommitted::Over,
        }
    }
}
