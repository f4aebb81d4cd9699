//! A plain connection, served as a session that ends with it: nothing is stored, and nothing is sent twice.

use alloc::collections::VecDeque;
use alloc::string::String;
use core::mem::take;

use super::action::{Action, Disconnect, Frame, Inbound, Report};
use super::amount::Amount;
use super::cause::{Cause, NotCommitted};
use super::request::StoreError;
use super::slot::{Handler, Probe};
use super::{Config, DriverTypes, Forwarded, Known, Serve, codes};
use crate::wire::Terms;
use crate::{Attempt, Millis, close};

/// A plain connection, served as a session that ends with it.
pub struct PlainSlot<D: DriverTypes> {
    config: Config,
    state: State,
    handler: Handler,
    received: u64,
    /// How much has arrived that the handler has not taken.
    unread: Amount,
    /// How much each of the messages has that the handler has not taken.
    sizes: VecDeque<u64>,
    is_throttled: bool,
    outbox: VecDeque<(D::Message, Option<D::Delivery>)>,
    unsent: Amount,
    actions: VecDeque<Action<D>>,
}

enum State {
    Open {
        /// When the last frame came.
        heard: Millis,
        probe: Probe,
        /// The code and reason of the app's close, which waits for the outbox.
        closing: Option<(u16, String)>,
    },
    Over,
}

impl<D: DriverTypes> PlainSlot<D> {
    /// A connection that begins.
    pub fn new(config: Config, now: Millis) -> Self {
        Self {
            config,
            state: State::Open { heard: now, probe: Probe::None, closing: None },
            handler: Handler::Runs,
            received: 0,
            unread: Amount::default(),
            sizes: VecDeque::new(),
            is_throttled: false,
            outbox: VecDeque::new(),
            unsent: Amount::default(),
            actions: VecDeque::new(),
        }
    }

    fn end(&mut self, cause: Cause, disconnect: Disconnect) {
        if matches!(self.state, State::Over) {
            return;
        }
        self.state = State::Over;
        self.unsent = Amount::default();
        self.actions.push_back(Action::Disconnect(disconnect));
        let mut undelivered = alloc::vec::Vec::new();
        for (message, delivery) in take(&mut self.outbox) {
            undelivered.push(message);
            self.actions.extend(delivery.map(|delivery| Action::Delivered(delivery, false)));
        }
        self.actions.push_back(Action::End(cause, undelivered));
        self.actions.push_back(Action::Release);
    }

    /// When the client has been silent for too long. A connection that is not read tells nothing.
    fn probe_at(&self) -> Option<Millis> {
        let State::Open { heard, probe, .. } = &self.state else { return None };
        self.has_room().then(|| match probe {
            Probe::None => *heard + self.config.idle,
            Probe::Due(at) | Probe::Sent(at) => *at + self.config.probe,
        })
    }
}

impl<D: DriverTypes> Serve<D> for PlainSlot<D> {
    fn poll(&mut self) -> Option<Action<D>> {
        self.actions.pop_front()
    }

    fn poll_frame(&mut self, _: Millis) -> Option<Frame<D::Message>> {
        let State::Open { probe, closing, .. } = &mut self.state else { return None };
        if let Probe::Due(at) = *probe {
            *probe = Probe::Sent(at);
            return Some(Frame::Ping);
        }
        if let Some((message, delivery)) = self.outbox.pop_front() {
            self.unsent -= Amount::one(D::bytes(&message));
            // The client does not say what has arrived.
            self.actions.extend(delivery.map(|delivery| Action::Delivered(delivery, true)));
            return Some(Frame::Message(message));
        }
        if let Some((code, reason)) = closing.take() {
            self.end(Cause::App, Disconnect::Close(code, reason.into()));
        }
        None
    }

    fn has_frames(&self) -> bool {
        match &self.state {
            State::Open { probe, closing, .. } => {
                matches!(probe, Probe::Due(_)) || !self.outbox.is_empty() || closing.is_some()
            }
            State::Over => false,
        }
    }

    fn persist(&mut self, _: Millis) {}

    fn poll_timeout(&self) -> Option<Millis> {
        let handler = match self.handler {
            Handler::Until(until) => Some(until),
            Handler::Runs | Handler::Done => None,
        };
        [self.probe_at(), handler].into_iter().flatten().min()
    }

    fn send(&mut self, message: D::Message, delivery: Option<D::Delivery>) {
        if matches!(self.state, State::Open { .. }) {
            self.unsent += Amount::one(D::bytes(&message));
            self.outbox.push_back((message, delivery));
        } else {
            self.actions.extend(delivery.map(|delivery| Action::Delivered(delivery, false)));
        }
    }

    fn commit(&mut self, _: u64, replies: impl IntoIterator<Item = D::Message>, commit: D::Commit) {
        let mut replies = replies.into_iter().peekable();
        let answer = match &self.state {
            State::Over if replies.peek().is_some() => Err(NotCommitted::Over),
            _ => Ok(()),
        };
        for reply in replies {
            self.send(reply, None);
        }
        self.actions.push_back(Action::Committed(commit, answer));
    }

    fn handle_read(&mut self, number: u64) {
        let first = self.received - self.sizes.len() as u64;
        for _ in first..number.min(self.received) {
            self.unread -= Amount::one(self.sizes.pop_front().unwrap_or_default());
        }
    }

    fn close(&mut self, _: Millis, code: u16, reason: String) {
        if let State::Open { closing, .. } = &mut self.state {
            closing.get_or_insert((codes::of_app(code), reason));
        }
    }

    fn handle_handler_done(&mut self, now: Millis, panicked: bool) {
        self.handler = Handler::Done;
        if panicked {
            self.actions.push_back(Action::Report(Report::Panicked { progressed: true }));
            self.end(Cause::Failed, Disconnect::close(codes::FAILED, "handler failed"));
        } else {
            self.close(now, close::NORMAL, String::new());
        }
    }

    fn request_resume(&mut self, _: Millis, request: D::Request, _: Known, _: Terms) {
        self.actions.push_back(Action::Readmit(request));
    }

    fn evict(&mut self, _: Millis) {
        self.end(Cause::Evicted, Disconnect::close(codes::EVICTED, "evicted"));
    }

    fn revoke(&mut self, _: Millis) {
        self.end(Cause::Revoked, Disconnect::close(codes::REVOKED, "revoked"));
    }

    fn look_for_forwarded(&mut self) {}

    fn throttle(&mut self, is_throttled: bool) {
        self.is_throttled = is_throttled;
    }

    fn shut_down(&mut self, now: Millis) {
        if self.handler == Handler::Runs {
            self.handler = Handler::Until(now + self.config.grace);
        }
        self.end(Cause::Shutdown, Disconnect::close(close::RESTART, "restart"));
    }

    fn handle_inbound(&mut self, now: Millis, _: Attempt, inbound: Inbound<D::Message>) {
        let State::Open { heard, probe, .. } = &mut self.state else { return };
        *heard = now;
        *probe = Probe::None;
        if let Inbound::Message(message) = inbound {
            let bytes = D::bytes(&message);
            self.received += 1;
            self.sizes.push_back(bytes);
            self.unread += Amount::one(bytes);
            self.actions.push_back(Action::Receive(self.received, message));
        }
    }

    fn handle_lost(&mut self, _: Millis, _: Attempt) {
        self.end(Cause::Client, Disconnect::Gone);
    }

    fn handle_unreadable(&mut self, _: Millis, _: Attempt, disconnect: Disconnect) {
        self.end(Cause::Client, disconnect);
    }

    fn handle_stored(&mut self, _: Millis, _: u64, _: Result<(), StoreError>) {}

    fn handle_forwarded(&mut self, _: Millis, _: u64, _: Result<Forwarded<D::Message>, StoreError>) {}

    fn handle_timeout(&mut self, now: Millis) {
        if let Handler::Until(until) = self.handler
            && until <= now
        {
            self.handler = Handler::Done;
            self.actions.push_back(Action::StopHandler);
        }
        if self.probe_at().is_none_or(|at| now < at) {
            return;
        }
        let State::Open { probe, .. } = &mut self.state else { return };
        if *probe == Probe::None {
            *probe = Probe::Due(now);
        } else {
            self.actions.push_back(Action::Report(Report::Silent));
            self.end(Cause::Client, Disconnect::Silent);
        }
    }

    fn has_room(&self) -> bool {
        !self.is_throttled && self.unread.is_within(self.config.inbox)
    }

    fn uncommitted(&self) -> Amount {
        self.unread
    }

    fn unacknowledged(&self) -> Amount {
        self.unsent
    }

    fn detached_since(&self) -> Option<Millis> {
        None
    }

    fn is_over(&self) -> bool {
        matches!(self.state, State::Over) && self.actions.is_empty()
    }
}
