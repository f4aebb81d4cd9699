//! How a connection that dropped is opened again.

use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use super::decision::Decision;
use super::duration::{from_millis, to_millis};
use super::event::Dropped;

/// How a [`Socket`](crate::Socket) reconnects: exponential backoff with full jitter.
///
/// Each delay is drawn from a window that begins at nothing. The first window ends at [`first`](Self::first), each
/// further one is twice as wide, up to [`cap`](Self::cap).
///
/// ```
/// use std::time::Duration;
/// use undrop::{Decision, Options, Retry};
///
/// let retry = Retry::default().limit(10).cap(Duration::from_secs(60)).decide(|dropped| match dropped.code {
///     4401 => Decision::GiveUp,
///     _ => Decision::Default,
/// });
/// let options = Options::default().retry(retry);
/// ```
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Retry {
    retry: undrop_proto::Retry,
    pub(super) decide: Option<Decide>,
}

/// The function of the app that decides.
pub(super) type Decide = Rc<dyn Fn(&Dropped) -> Decision>;

impl Retry {
    /// How many attempts in a row may fail, without a connection in between that lasted. Those of a page that is hidden or
    /// offline do not count. Default: no limit.
    pub fn limit(mut self, attempts: u32) -> Self {
        self.retry.limit = attempts;
        self
    }

    /// The first window. Default: 5 s.
    pub fn first(mut self, window: Duration) -> Self {
        self.retry.first = to_millis(window);
        self
    }

    /// The widest window. Default: 30 s.
    pub fn cap(mut self, window: Duration) -> Self {
        self.retry.cap = to_millis(window);
        self
    }

    /// How long a connection must have been open for the windows and the count of attempts to start anew. Default: 5 s.
    pub fn reset_after(mut self, duration: Duration) -> Self {
        self.retry.reset_after = to_millis(duration);
        self
    }

    /// Called for each connection that dropped and each attempt that failed. It decides whether and when the socket
    /// reconnects, also after a close code that is final otherwise. Default: none.
    pub fn decide(mut self, decide: impl Fn(&Dropped) -> Decision + 'static) -> Self {
        self.decide = Some(Rc::new(decide));
        self
    }

    pub(super) fn policy(&self) -> undrop_proto::Policy {
        match self.decide {
            Some(_) => undrop_proto::Policy::Ask(self.retry),
            None => undrop_proto::Policy::Retry(self.retry),
        }
    }
}

impl fmt::Debug for Retry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let undrop_proto::Retry { limit, first, cap, reset_after } = self.retry;
        formatter
            .debug_struct("Retry")
            .field("limit", &limit)
            .field("first", &from_millis(first))
            .field("cap", &from_millis(cap))
            .field("reset_after", &from_millis(reset_after))
            .field("decides", &self.decide.is_some())
            .finish()
    }
}
