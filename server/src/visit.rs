//! A line and who dialled it, on the way to a session.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use undrop::core::wire::Token;

use crate::handshake::Handshake;
use crate::line::Line;
use crate::mailbox::Mailbox;
use crate::{Principal, Session, SessionId};

/// What the app does with a session.
pub(crate) type Handler = Box<dyn FnOnce(Session) -> Handling + Send>;

/// The app's doing it.
pub(crate) type Handling = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A line and who dialled it.
pub(crate) struct Visit {
    pub(crate) line: Line,
    pub(crate) handshake: Arc<Handshake>,
    pub(crate) principal: Principal,
    pub(crate) handler: Handler,
}

/// A visit that asks for a session.
pub(crate) struct Arrival {
    pub(crate) visit: Visit,
    pub(crate) token: Token,
    /// How many messages its client has taken.
    pub(crate) received: u64,
}

impl Visit {
    /// Has the app's handler begin on a session.
    pub(crate) fn begin(self, id: SessionId, restored: bool, mailbox: Arc<Mailbox>) -> (Line, Handling) {
        let Visit { line, handshake, principal, handler } = self;
        (line, handler(Session::new(id, principal, handshake, restored, mailbox)))
    }
}

pub(crate) fn boxed<F, Fut>(handler: F) -> Handler
where
    F: FnOnce(Session) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    // The future is made when it is first polled, so that a panic in the making is caught like any other.
    Box::new(|session| Box::pin(async move { handler(session).await }))
}
