//! The socket of Rust as the user of its driver.

use std::future::poll_fn;
use std::rc::{Rc, Weak};
use std::task::Poll;

use js_sys::futures::spawn_local;
use undrop_proto::{Attempt, Decision, Outcome};
use wasm_bindgen::JsValue;
use web_sys::{BinaryType, CloseEvent, WebSocket};

use super::authenticate::Authenticated;
use super::duration::from_millis;
use super::event::{Closed, Dropped, Event, Fault};
use super::inner::Inner;
use super::message::Message;
use super::source::Found;
use crate::socket::{Notice, User};

/// The socket of Rust as the user of its driver. It does not keep the socket alive.
pub(super) struct RustUser(Weak<Inner>);

impl RustUser {
    pub(super) fn new(inner: &Rc<Inner>) -> Self {
        Self(Rc::downgrade(inner))
    }

    fn tell(&self, event: Event) {
        if let Some(inner) = self.0.upgrade() {
            inner.tell(event);
        }
    }

    fn state_event(&self) -> Option<Event> {
        Some(Event::State(self.0.upgrade()?.state()))
    }

    /// Why a function of the app that the attempt needed has failed, if one has.
    fn failure(&self) -> Option<Fault> {
        self.0.upgrade()?.failure()
    }

    fn fault(&self, violation: Option<&'static str>) -> Fault {
        match violation {
            Some(reason) => Fault::Server(reason),
            None => self.failure().unwrap_or(Fault::Connection),
        }
    }

    fn reason(&self, close: &CloseEvent) -> String {
        match self.failure() {
            Some(Fault::Url(error) | Fault::Authenticate(error)) => error,
            _ => close.reason(),
        }
    }

    fn dropped_event(&self, dropped: &undrop_proto::Dropped, close: &CloseEvent) -> Dropped {
        let &undrop_proto::Dropped { cause, attempt, delay, last, .. } = dropped;
        Dropped {
            cause,
            code: close.code(),
            reason: self.reason(close),
            clean: close.was_clean(),
            attempt,
            delay: from_millis(delay),
            last,
        }
    }
}

impl User for RustUser {
    fn hears_native_events(&self) -> bool {
        false
    }

    fn message(&self, data: &JsValue) {
        if let Some(inner) = self.0.upgrade() {
            inner.receive(data);
        }
    }

    fn attach(&self, native: Option<&WebSocket>) {
        if let Some(native) = native {
            native.set_binary_type(BinaryType::Arraybuffer);
        }
    }

    fn find(&self, attempt: Attempt) {
        if let Some(inner) = self.0.upgrade()
            && let Some(source) = inner.source()
        {
            source.search.begin(attempt);
            spawn_local(search(self.0.clone(), attempt));
        }
    }

    fn authenticate(&self, attempt: Attempt) {
        if let Some(inner) = self.0.upgrade()
            && let (Some(authentication), Some(native)) = (inner.authentication(), inner.native())
        {
            authentication.begin(attempt, native);
            spawn_local(authenticate(self.0.clone(), attempt));
        }
    }

    fn notify(&self, notice: Notice<'_>) {
        let event = match notice {
            Notice::State => self.state_event(),
            Notice::Open => Some(Event::Open),
            Notice::Resume => Some(Event::Resume),
            Notice::Reset(reason) => Some(Event::Reset(reason)),
            Notice::Error(violation) => Some(Event::Error(self.fault(violation))),
            Notice::Close(close, cause, _) => Some(Event::Close(Closed {
                code: close.code(),
                reason: self.reason(close),
                clean: close.was_clean(),
                cause,
            })),
        };
        if let Some(event) = event {
            self.tell(event);
        }
    }

    fn dropped(&self, dropped: &undrop_proto::Dropped, close: &CloseEvent) -> bool {
        self.tell(Event::Dropped(self.dropped_event(dropped, close)));
        true
    }

    fn decide(&self, dropped: &undrop_proto::Dropped, close: &CloseEvent) -> Decision {
        let decide = self.0.upgrade().and_then(|inner| inner.decide.clone());
        decide.map_or(Decision::Default, |decide| decide(&self.dropped_event(dropped, close)).to_proto())
    }

    fn lost(&self, data: &JsValue, outcome: Outcome) {
        self.tell(Event::Lost(Message::from_js(data), outcome));
    }
}

/// The socket is not held while its source searches.
async fn search(inner: Weak<Inner>, attempt: Attempt) {
    if let Some(found) = found(inner.clone(), attempt).await
        && let Some(inner) = inner.upgrade()
    {
        inner.found(attempt, found);
    }
}

async fn found(inner: Weak<Inner>, attempt: Attempt) -> Option<Found> {
    poll_fn(|context| match inner.upgrade().as_ref().and_then(|inner| inner.source()) {
        Some(source) => source.poll(attempt, context),
        None => Poll::Ready(None),
    })
    .await
}

/// The socket is not held while the function of the app authenticates.
async fn authenticate(inner: Weak<Inner>, attempt: Attempt) {
    if let Some(result) = authenticated(inner.clone(), attempt).await
        && let Some(inner) = inner.upgrade()
    {
        inner.authenticated(attempt, result);
    }
}

async fn authenticated(inner: Weak<Inner>, attempt: Attempt) -> Option<Authenticated> {
    poll_fn(|context| match inner.upgrade().as_ref().and_then(|inner| inner.authentication()) {
        Some(authentication) => authentication.poll(attempt, context),
        None => Poll::Ready(None),
    })
    .await
}
