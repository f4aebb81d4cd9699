//! Where a socket connects, if a function of the app finds that out for each attempt.

use std::cell::Cell;
use std::fmt::Display;
use std::future::Future;
use std::task::{Context, Poll};

use undrop_proto::Attempt;

use super::for_attempt::{AppFuture, ForAttempt};

/// Where to connect: a URL, and the subprotocols to offer.
///
/// ```
/// use undrop::Endpoint;
///
/// let endpoint = Endpoint::from("wss://example.org/room").protocols(["chat"]);
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Endpoint {
    pub(super) url: String,
    pub(super) protocols: Option<Vec<String>>,
}

impl Endpoint {
    /// The subprotocols to offer, the preferred one first. Default: those of
    /// [`Options::protocols`](crate::Options::protocols).
    pub fn protocols<P: Into<String>>(mut self, protocols: impl IntoIterator<Item = P>) -> Self {
        self.protocols = Some(protocols.into_iter().map(Into::into).collect());
        self
    }
}

impl From<String> for Endpoint {
    fn from(url: String) -> Self {
        Self { url, protocols: None }
    }
}

impl From<&str> for Endpoint {
    fn from(url: &str) -> Self {
        Self { url: url.into(), protocols: None }
    }
}

/// What was found, or the error of the function as text.
pub(super) type Found = Result<Endpoint, String>;

type Begin = Box<dyn FnMut() -> AppFuture<Found>>;

/// The function of the app that finds out where to connect.
pub(super) struct Source {
    /// Absent while it runs, and once the socket is dropped.
    begin: Cell<Option<Begin>>,
    is_ended: Cell<bool>,
    pub(super) search: ForAttempt<Found>,
}

impl Source {
    pub(super) fn new<Search, Found, Failure>(mut find: impl FnMut() -> Search + 'static) -> Self
    where
        Search: Future<Output = Result<Found, Failure>> + 'static,
        Found: Into<Endpoint>,
        Failure: Display,
    {
        let begin = move || -> AppFuture<self::Found> {
            let search = find();
            Box::pin(async move { search.await.map(Into::into).map_err(|error| error.to_string()) })
        };
        Self { begin: Cell::new(Some(Box::new(begin))), is_ended: Cell::new(false), search: ForAttempt::new() }
    }

    /// The socket is dropped, and with it all that the function and its search hold.
    pub(super) fn end(&self) {
        self.is_ended.set(true);
        self.search.cancel();
        drop(self.begin.take());
    }

    /// Nothing if the attempt is not searched for any more.
    pub(super) fn poll(&self, attempt: Attempt, context: &mut Context<'_>) -> Poll<Option<Found>> {
        self.search.poll(attempt, context, || {
            let mut begin = self.begin.take()?;
            let search = begin();
            // The function may have dropped the socket.
            if !self.is_ended.get() {
                self.begin.set(Some(begin));
            }
            Some(search)
        })
    }
}
