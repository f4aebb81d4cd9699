//! A question to the other end.

use alloc::rc::{Rc, Weak};
use alloc::string::String;
use core::fmt;
use core::future::Future;
use core::marker::PhantomData;
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use js_sys::futures::JsFuture;
use serde::de::DeserializeOwned;
use wasm_bindgen::JsValue;
use web_sys::AbortController;

use super::data::read;
use super::registry::{caught, request_options};
use crate::browser::socket::error::Error;
use crate::browser::socket::line::Line;

/// A question to the other end, and the future of its reply: see [`Socket::request`](crate::Socket::request).
#[must_use = "a request is not sent until it is awaited"]
pub struct Request<Reply> {
    stage: Stage,
    timeout: Option<u32>,
    reply: PhantomData<fn() -> Reply>,
}

enum Stage {
    Unsent { line: Weak<Line>, message_type: String, data: Result<JsValue, Error> },
    Sent { reply: JsFuture, withdrawal: AbortController },
    Done,
}

impl<Reply> Request<Reply> {
    pub(super) fn new(line: &Rc<Line>, message_type: &str, data: Result<JsValue, Error>) -> Self {
        let stage = Stage::Unsent { line: Rc::downgrade(line), message_type: message_type.into(), data };
        Self { stage, timeout: None, reply: PhantomData }
    }

    /// Waits no longer than so many milliseconds, counted from the first await. Then it is an [`Error::Timeout`], and
    /// withdrawn. Unless given, it waits until the line is lost, or the session.
    pub fn timeout(mut self, milliseconds: u32) -> Self {
        self.timeout = Some(milliseconds);
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
                // Asked again after its answer.
                Stage::Done => return Poll::Pending,
            }
        }
    }
}

impl Stage {
    fn send(self, timeout: Option<u32>) -> Result<Self, Error> {
        let Stage::Unsent { line, message_type, data } = self else { return Ok(self) };
        let data = data?;
        let line = line.upgrade().filter(|line| !line.is_let_go()).ok_or(Error::Over)?;
        let typed = line.typed().ok_or(Error::Over)?;
        // Nothing is known of when the browser would throw.
        let withdrawal = AbortController::new().map_err(|thrown| caught(&thrown))?;
        let options = request_options(timeout, withdrawal.signal());
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
