//! I9: how a connection that keeps a session counts its attempts. One that has resumed a session and has brought it on
//! counts as a success, however short it was.

use undrop_proto::{Cause, Config, Event, Output, Policy, Retry, close};

use super::world::Shared;
use crate::law::{Law, Verdict};
use crate::message::Message;

/// What is known of the present attempt.
pub struct Pace {
    retry: Retry,
    /// Since when it is open.
    since: Option<u64>,
    has_resumed: bool,
    /// A message has arrived, or the server has taken one.
    has_moved: bool,
    has_lasted: bool,
}

impl Pace {
    pub fn new(config: &Config) -> Self {
        let retry = match config.policy {
            Policy::Retry(retry) | Policy::Ask(retry) => retry,
            Policy::Never => Retry::default(),
        };
        Self { retry, since: None, has_resumed: false, has_moved: false, has_lasted: false }
    }

    /// It is open.
    pub fn opens(&mut self, now: u64, resumed: bool) {
        self.since = Some(now);
        self.has_resumed = resumed;
    }

    /// A message has arrived, or the server has taken more.
    pub fn moves(&mut self) {
        self.has_moved = true;
    }

    /// Whether the connection that dropped last was open for long enough.
    pub fn has_lasted(&self) -> bool {
        self.has_lasted
    }

    pub fn hears(&mut self, output: &Output<Message>, shared: &mut Shared) -> Verdict {
        let now = shared.net.now;
        self.has_lasted = self.since.is_some_and(|since| now - since >= u64::from(self.retry.reset_after));
        match output {
            Output::Connect(_) => {
                self.since = None;
                self.has_resumed = false;
                self.has_moved = false;
            }
            Output::Notify(Event::Drop(dropped)) if dropped.cause != Cause::Reconnect => {
                let has_moved = self.since.is_some() && self.has_resumed && self.has_moved;
                // A session that is over is not brought on.
                let is_success = self.has_lasted || has_moved && dropped.code != close::PROTOCOL_ERROR;
                shared.census.successes += u64::from(is_success && !self.has_lasted);
                self.since = None;
                let first = self.retry.first.max(1).min(self.retry.cap).max(shared.setup.spread);
                let is_first = dropped.attempt == 1 && dropped.delay <= first;
                return Law::I9.holds(is_first || !is_success, || format!("after a success, {dropped:?}"));
            }
            _ => {}
        }
        Ok(())
    }
}
