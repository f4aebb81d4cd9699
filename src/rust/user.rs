//! The socket of Rust as the user of its driver.

use std::future::poll_fn;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll};

use js_sys::futures::spawn_local;
use undrop_proto::{Attempt, Decision, Outcome};
use wasm_bindgen::JsValue;
use web_sys::{BinaryType, CloseEvent, WebSocket};

use super::duration::from_millis;
use super::event::{Closed, Dropped, Event, Fault};
use super::inner::Inner;
use super::message::Message;
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

/// Searches for the URL of this attempt, by the function of the app.
async fn search(inner: Weak<Inner>, attempt: Attempt) {
    let found = unheld(&inner, |inner, context| Some(inner.source()?.poll(attempt, context))).await;
    if let (Some(found), Some(inner)) = (found, inner.upgrade()) {
        inner.found(attempt, found);
    }
}

/// Authenticates in this attempt, by the function of the app.
async fn authenticate(inner: Weak<Inner>, attempt: Attempt) {
    let result = unheld(&inner, |inner, context| Some(inner.authentication()?.poll(attempt, context))).await;
    if let (Some(result), Some(inner)) = (result, inner.upgrade()) {
        inner.authenticated(attempt, result);
    }
}

/// Polls a future of the app without holding the socket in between. Nothing once the socket is dropped, or `poll` has none.
async fn unheld<T>(
    inner: &Weak<Inner>,
    poll: impl Fn(&Inner, &mut Context<'_>) -> Option<Poll<Option<T>>>,
) -> Option<T> {
    poll_fn(|context| inner.upgrade().and_then(|inner| poll(&inner, context)).unwrap_or(Poll::Ready(None))).await
}
