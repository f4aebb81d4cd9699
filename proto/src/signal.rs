//! What the page says of itself.

/// What the page says of itself. Each may be untrue: a signal makes a connection send a probe or wait less, no more.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Signal {
    /// There is a network.
    Online,
    /// There is none.
    Offline,
    /// The page is visible.
    Visible,
    /// The page is hidden; its timers are slow.
    Hidden,
    /// The page or the machine slept.
    Wake,
}
