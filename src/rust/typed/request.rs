//! A request to the peer.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::mem;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use js_sys::futures::JsFuture;
use serde::de::DeserializeOwned;
use wasm_bindgen::JsValue;
use web_sys::AbortController;

use super::read::read;
use super::registry::{caught, request_options};
use crate::rust::duration::to_millis;
use crate::rust::error::Error;
use crate::rust::inner::Inner;

/// A request to the peer, and the future of its reply: see [`Socket::request`](crate::Socket::request).
#[must_use = "a request is not sent until it is awaited"]
pub struct Request<Reply> {
    stage: Stage,
    timeout: Option<Duration>,
    reply: PhantomData<fn() -> Reply>,
}

enum Stage {
    Unsent { inner: Weak<Inner>, message_type: String, data: Result<JsValue, Error> },
    Sent { reply: JsFuture, withdrawal: AbortController },
    Done,
}

impl<Reply> Request<Reply> {
    pub(super) fn new(inner: &Rc<Inner>, message_type: &str, data: Result<JsValue, Error>) -> Self {
        let stage = Stage::Unsent { inner: Rc::downgrade(inner), message_type: message_type.into(), data };
        Self { stage, timeout: None, reply: PhantomData }
    }

    /// How long the reply may take, counted from the first await. After that the request is withdrawn, and an
    /// [`Error::Timeout`]. Default: that of [`Options::request_timeout`](crate::Options::request_timeout).
    pub fn timeout(mut self, duration: Duration) -> Self {
        self.timeout = Some(duration);
        self
    }
}

impl<Reply: DeserializeOwned> Future for Request<Reply> {
    type Output = Result<Reply, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let request = &mut *self;
        loop {
            match &mut request.stage {
                Stage::Unsent { .. } => match mem::replace(&mut request.stage, Stage::Done).send(request.timeout) {
                    Ok(sent) => request.stage = sent,
                    Err(error) => return Poll::Ready(Err(error)),
                },
                Stage::Sent { reply, .. } => {
                    let reply = ready!(Pin::new(reply).poll(context));
                    request.stage = Stage::Done;
                    return Poll::Ready(match reply {
                        Ok(data) => read(data).map_err(Error::Deserialize),
                        Err(thrown) => Err(caught(&thrown)),
                    });
                }
                // Polled again after its answer.
                Stage::Done => return Poll::Pending,
            }
        }
    }
}

impl Stage {
    fn send(self, timeout: Option<Duration>) -> Result<Self, Error> {
        let Stage::Unsent { inner, message_type, data } = self else { return Ok(self) };
        let data = data?;
        let inner = inner.upgrade().filter(|inner| !inner.is_released()).ok_or(Error::Closed)?;
        let typed = inner.typed().ok_or(Error::Closed)?;
        // The constructor throws for nothing.
        let withdrawal = AbortController::new().map_err(|thrown| caught(&thrown))?;
        let options = request_options(timeout.map(to_millis), withdrawal.signal());
        let reply = typed.registry.request(&message_type, &data, &options).into();
        Ok(Stage::Sent { reply, withdrawal })
    }
}

impl<Reply> Drop for Request<Reply> {
    fn drop(&mut self) {
        if let Stage::Sent { withdrawal, .. } = &self.stage {
            withdrawal.abort();
        }
    }
}

impl<Reply> fmt::Debug for Request<Reply> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = match &self.stage {
            Stage::Unsent { .. } => "unsent",
            Stage::Sent { .. } => "sent",
            Stage::Done => "done",
        };
        formatter.debug_struct("Request").field("stage", &stage).finish_non_exhaustive()
    }
}
