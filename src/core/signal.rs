//! What the page says of itself.

/// What the page says of itself. Each may be untrue: it lets a line be probed or a wait be shortened, no more.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Signal {
    /// There is a network.
    Online,
    /// There is none.
    Offline,
    /// The page is seen.
    Visible,
    /// It is not; its timers are slow.
    Hidden,
    /// The page or the machine slept.
    Wake,
}
