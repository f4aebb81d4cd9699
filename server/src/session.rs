//! What the app sees of a session.

use std::fmt;
use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::FutureExt as _;
use tokio::sync::oneshot;

use crate::channel::{Channel, Commit, Until};
use crate::ending::{CloseFrame, Ending, NotCommitted, SendError};
use crate::runtime::Instant;
use crate::{Handshake, Message, Principal, SessionId};

/// A conversation with one client that outlives its connections.
///
/// The app's handler is called with one, and the session is over when the handler returns. A session and its handler share a
/// task, so a handler that computes for long should do so in another one.
pub struct Session {
    id: SessionId,
    principal: Principal,
    handshake: Arc<Handshake>,
    restored: bool,
    channel: Arc<Channel>,
}

/// Sends into a session, from any task.
#[derive(Clone)]
pub struct Sender {
    id: SessionId,
    channel: Arc<Channel>,
}

/// A message that was received.
///
/// Its client keeps it until the store has it, and the store until it is committed. As long as it is not committed, the next
/// handler of the session receives it again, under the same number.
#[must_use = "a message that is not committed is received again"]
pub struct Received {
    /// The message.
    pub message: Message,
    /// Which of the session's messages it is, from 1.
    pub number: u64,
    /// The session.
    pub session: SessionId,
    pub(crate) at: Instant,
    channel: Arc<Channel>,
}

impl Session {
    pub(crate) fn new(
        id: SessionId,
        principal: Principal,
        handshake: Arc<Handshake>,
        restored: bool,
        channel: Arc<Channel>,
    ) -> Self {
        Self { id, principal, handshake, restored, channel }
    }

    /// The session's id, which is the same on all nodes.
    pub fn id(&self) -> SessionId {
        self.id
    }

    /// Whose it is.
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// The request of the connection that the session began on, or was [restored](Self::is_restored) on.
    pub fn handshake(&self) -> &Handshake {
        &self.handshake
    }

    #[cfg(all(feature = "js", target_arch = "wasm32"))]
    pub(crate) fn shared_handshake(&self) -> Arc<Handshake> {
        self.handshake.clone()
    }

    /// Whether the session had a handler before this one, which has died with its node or panicked. What that one did not commit
    /// is received again.
    pub fn is_restored(&self) -> bool {
        self.restored
    }

    /// How many messages were sent in this session, by this handler and those before it.
    pub fn sent(&self) -> u64 {
        self.channel.sent()
    }

    /// The next message, or nothing when the session is over for this handler and there are no more.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost if the future is dropped, in `tokio::select!` for instance: the next call returns the message.
    pub async fn recv(&mut self) -> Option<Received> {
        poll_fn(|context| self.poll_received(context)).await
    }

    pub(crate) fn poll_received(&mut self, context: &mut Context<'_>) -> Poll<Option<Received>> {
        let received = self.channel.poll_received(context);
        received.map(|received| {
            let (number, message) = received?;
            Some(Received { message, number, session: self.id, at: Instant::now(), channel: self.channel.clone() })
        })
    }

    /// As [`Received::commit_with`] of the message of this number, which was received then. It is asked for at once.
    #[cfg(all(feature = "js", target_arch = "wasm32"))]
    pub(crate) fn commit_up_to(
        &self,
        (number, at): (u64, Instant),
        replies: Vec<Message>,
    ) -> impl Future<Output = Result<(), NotCommitted>> + use<> {
        commit(&self.channel, (number, at), replies)
    }

    /// The handler has ended.
    #[cfg(all(feature = "js", target_arch = "wasm32"))]
    pub(crate) fn release(&self) {
        self.channel.release();
    }

    /// How the session ended, if it has.
    pub fn ending(&self) -> Option<Ending> {
        self.channel.ending()
    }

    /// Waits until the session is over for this handler, and says how it ended: at once if it has. A handler that only sends, or
    /// waits for something else, learns by it that it is to return. When the server shuts down, it has
    /// [`Config::grace`](crate::Config::grace) for that.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use undrop_server::Session;
    /// async fn ticker(session: Session) {
    ///     let mut interval = tokio::time::interval(Duration::from_secs(1));
    ///     loop {
    ///         tokio::select! {
    ///             _ = interval.tick() => {}
    ///             _ = session.ended() => return,
    ///         }
    ///         if session.send("tick").is_err() {
    ///             return;
    ///         }
    ///     }
    /// }
    /// ```
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost if the future is dropped.
    pub async fn ended(&self) -> Ending {
        self.channel.ended().await
    }

    /// How the client has closed the connection that the session was on when it ended, or last before that: the code and the
    /// reason that the client's app gave, if it has ended the session ([`Cause::Client`](crate::Cause::Client)). Waits until
    /// the session is over and that connection closed. Returns nothing if there was no close frame of the client's within
    /// [`Config::close_timeout`](crate::Config::close_timeout).
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost if the future is dropped.
    pub async fn client_close(&self) -> Option<CloseFrame> {
        self.channel.client_close().await
    }

    /// How many bytes of what was sent in this session the client has not acknowledged, of the
    /// [`Limits::outbox_bytes`](crate::Limits::outbox_bytes) that there may be.
    pub fn unacknowledged_bytes(&self) -> u64 {
        self.channel.unacknowledged_bytes()
    }

    /// A handle that sends into the session from any task.
    pub fn sender(&self) -> Sender {
        Sender { id: self.id, channel: self.channel.clone() }
    }

    /// Sends a message. It is stored, is sent as soon as there is a connection, and arrives once and in order.
    ///
    /// [`SendError::Over`] says that the session is over for this handler, also where it goes on with the next one, as after a
    /// shutdown: a handler that only sends returns then. What answers a message that it has received belongs into the
    /// [commit](Received::commit_with), which is still taken.
    pub fn send(&self, message: impl Into<Message>) -> Result<(), SendError> {
        self.channel.send(message.into(), Until::Ending)
    }

    /// As [`Sender::deliver`].
    pub async fn deliver(&self, message: impl Into<Message>) -> Result<(), SendError> {
        deliver(&self.channel, message.into()).await
    }

    /// As [`Sender::close`].
    pub fn close(&self, code: u16, reason: impl Into<String>) {
        self.channel.close(code, reason.into());
    }
}

impl Sender {
    /// The session's id.
    pub fn session(&self) -> SessionId {
        self.id
    }

    /// How many messages were sent in this session, by this handler and those before it.
    pub fn sent(&self) -> u64 {
        self.channel.sent()
    }

    /// Sends a message. It is stored, is sent as soon as there is a connection, and arrives once and in order.
    ///
    /// When the server shuts down, it is taken for as long as the session's handler has not returned: what other handlers, which
    /// finish, have for this session is not lost. Whoever sends in a loop ends that by [`ended`](Self::ended).
    pub fn send(&self, message: impl Into<Message>) -> Result<(), SendError> {
        self.channel.send(message.into(), Until::Gone)
    }

    /// As [`Session::unacknowledged_bytes`].
    pub fn unacknowledged_bytes(&self) -> u64 {
        self.channel.unacknowledged_bytes()
    }

    /// As [`Session::ended`].
    pub async fn ended(&self) -> Ending {
        self.channel.ended().await
    }

    /// As [`Session::client_close`].
    pub async fn client_close(&self) -> Option<CloseFrame> {
        self.channel.client_close().await
    }

    /// Sends a message and waits until the client has it. If the session ends before that, or leaves this node, it is not known
    /// whether it has: [`SendError::Over`].
    ///
    /// # Cancel safety
    ///
    /// The message is sent when the future is first polled. If it is dropped after that, the message is sent all the same, and
    /// only when it has arrived is not told.
    pub async fn deliver(&self, message: impl Into<Message>) -> Result<(), SendError> {
        deliver(&self.channel, message.into()).await
    }

    /// Ends the session, once the client has received all that was sent before, and closes its connection with this code. Codes
    /// that may be in a close frame are 1000 to 1003, 1007 to 1014 and 3000 to 4999; 1005 stands for none, and any
    /// other becomes 1000.
    pub fn close(&self, code: u16, reason: impl Into<String>) {
        self.channel.close(code, reason.into());
    }
}

async fn deliver(channel: &Channel, message: Message) -> Result<(), SendError> {
    let (delivered, is_delivered) = oneshot::channel();
    channel.deliver_to_client(message, delivered)?;
    is_delivered.await.map_err(|_| SendError::Over)
}

impl Received {
    /// Commits this message and all before it: the app is done with them. Waits until the store knows. They are never received
    /// again after that.
    pub async fn commit(&self) -> Result<(), NotCommitted> {
        self.commit_with([] as [Message; 0]).await
    }

    /// Commits, and sends these replies, in one atomic step: either the message is committed and the replies are stored, or the
    /// message is received again and the replies were never sent.
    ///
    /// # Cancel safety
    ///
    /// The commit is asked for when the future is first polled. If it is dropped after that, the commit is made all the same, with
    /// its replies, and only its outcome is not told. A future that was never polled commits nothing. So is
    /// [`commit`](Self::commit).
    pub async fn commit_with<M: Into<Message>>(
        &self,
        replies: impl IntoIterator<Item = M>,
    ) -> Result<(), NotCommitted> {
        commit(&self.channel, (self.number, self.at), replies.into_iter().map(Into::into).collect()).await
    }
}

/// Asks for the commit at once.
fn commit(
    channel: &Channel,
    (number, at): (u64, Instant),
    replies: Vec<Message>,
) -> impl Future<Output = Result<(), NotCommitted>> + use<> {
    let (commit, is_done) = Commit::new(at);
    channel.commit(number, replies, commit);
    is_done.map(|answer| answer.unwrap_or(Err(NotCommitted::Unknown)))
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
