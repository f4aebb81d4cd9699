//! A connection on its way to a session.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::FutureExt as _;
use tracing::warn;
use undrop_proto::wire::Known;
use undrop_proto::wire::Token;

use crate::budget::Owner;
use crate::channel::Channel;
use crate::connection::Connection;
use crate::handshake::Handshake;
use crate::{Principal, Session, SessionId};

/// The app's handler, before it has a session.
pub(crate) type Handler = Box<dyn FnOnce(Session) -> Handling + Send>;

/// The app's handler at work.
pub(crate) type Handling = Pin<Box<dyn Future<Output = Result<(), Failed>> + Send>>;

/// The handler panicked, and that is logged: by who has called it, who knows the error.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Failed;

/// A connection whose client is authenticated.
pub(crate) struct Incoming {
    pub(crate) connection: Connection,
    pub(crate) handshake: Arc<Handshake>,
    pub(crate) principal: Principal,
    pub(crate) handler: Handler,
}

/// An incoming connection that asks for a session.
pub(crate) struct ResumeRequest {
    pub(crate) incoming: Incoming,
    pub(crate) token: Token,
    /// What its client knows of the session.
    pub(crate) known: Known,
}

impl Incoming {
    /// Whose limits the session counts against.
    pub(crate) fn owner(&self) -> Owner {
        Owner::of(&self.principal, self.handshake.address)
    }

    /// Calls the app's handler with a new `Session`.
    pub(crate) fn begin(self, id: SessionId, restored: bool, channel: Arc<Channel>) -> (Connection, Handling) {
        let Incoming { connection, handshake, principal, handler } = self;
        (connection, handler(Session::new(id, principal, handshake, restored, channel)))
    }
}

pub(crate) fn boxed<F, Fut>(handler: F) -> Handler
where
    F: FnOnce(Session) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    // The future is made when it is first polled, so that a panic in the making is caught like any other.
    Box::new(|session| {
        let handling = async move { handler(session).await };
        Box::pin(AssertUnwindSafe(handling).catch_unwind().map(|result| result.map_err(|_| panicked())))
    })
}

/// What the handler panicked with is what the panic hook of the process says.
fn panicked() -> Failed {
    warn!("the handler panicked");
    Failed
}
