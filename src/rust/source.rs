//! Where a socket connects, if a function of the app finds that out for each attempt.

use std::cell::{Cell, RefCell};
use std::fmt::Display;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use undrop_proto::Attempt;

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

type Search = Pin<Box<dyn Future<Output = Found>>>;

type Begin = Box<dyn FnMut() -> Search>;

/// The function of the app that finds out where to connect.
pub(super) struct Source {
    /// Absent while it runs, and once the socket is dropped.
    begin: Cell<Option<Begin>>,
    is_ended: Cell<bool>,
    /// The attempt that is searched for, if one is.
    attempt: Cell<Option<Attempt>>,
    /// The search for it. Absent until its first poll, and while it runs.
    search: Cell<Option<Search>>,
    /// Why nothing was found for the present attempt; empty until then.
    pub(super) error: RefCell<String>,
}

impl Source {
    pub(super) fn new<Search, Found, Failure>(mut find: impl FnMut() -> Search + 'static) -> Self
    where
        Search: Future<Output = Result<Found, Failure>> + 'static,
        Found: Into<Endpoint>,
        Failure: Display,
    {
        let begin = move || -> self::Search {
            let search = find();
            Box::pin(async move { search.await.map(Into::into).map_err(|error| error.to_string()) })
        };
        Self {
            begin: Cell::new(Some(Box::new(begin))),
            is_ended: Cell::new(false),
            attempt: Cell::new(None),
            search: Cell::new(None),
            error: RefCell::new(String::new()),
        }
    }

    /// Searches for this attempt, in place of any earlier one. Nothing of the app is called before the first
    /// [`poll`](Self::poll).
    pub(super) fn begin(&self, attempt: Attempt) {
        self.attempt.set(Some(attempt));
        self.error.borrow_mut().clear();
        drop(self.search.take());
    }

    /// The socket is dropped, and with it all that the function and its search hold.
    pub(super) fn end(&self) {
        self.is_ended.set(true);
        self.cancel();
        drop(self.begin.take());
    }

    /// The attempt that is searched for, if one is.
    pub(super) fn attempt(&self) -> Option<Attempt> {
        self.attempt.get()
    }

    /// Nothing is searched for any more.
    pub(super) fn cancel(&self) {
        self.attempt.set(None);
        drop(self.search.take());
    }

    /// Nothing if the attempt is not searched for any more.
    pub(super) fn poll(&self, attempt: Attempt, context: &mut Context<'_>) -> Poll<Option<Found>> {
        let is_current = || self.attempt.get() == Some(attempt);
        if !is_current() {
            return Poll::Ready(None);
        }
        let mut search = match self.search.take() {
            Some(search) => search,
            None => {
                let Some(mut begin) = self.begin.take() else { return Poll::Ready(None) };
                let search = begin();
                // The function may have dropped the socket.
                if !self.is_ended.get() {
                    self.begin.set(Some(begin));
                }
                search
            }
        };
        let found = search.as_mut().poll(context);
        if !is_current() {
            return Poll::Ready(None);
        }
        if found.is_pending() {
            self.search.set(Some(search));
        }
        found.map(Some)
    }
}
