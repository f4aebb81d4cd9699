//! The orders, as lines of text: `7 hole both on live` is order number 7, and is answered `7 ok 2` (the value is JSON)
//! or `7 error WHY`.

use std::num::NonZeroU64;
use std::time::Duration;

use crate::settings::{ByteLimit, Change, Cut, Direction, Directions, Scope};

/// The list of all orders.
pub const HELP: &str = "\
Orders are lines, each begun by a number that its answer repeats: `7 reset` is answered `7 ok 2`.
WAY is up (to the server) or down; WAYS may be both, too. SCOPE is live (the connections there are),
new (those to come) or all, which it is when not given. An order about connections is answered with how many it hit.

  reset                            cuts the live connections by a TCP reset
  fin                              cuts them by an end of TCP in order
  reset-after WAY BYTES [SCOPE]    cuts a connection by it when exactly so many more bytes have passed
  fin-after WAY BYTES [SCOPE]
  hole WAYS on|off [SCOPE]         nothing passes and nothing ends; off lets out what was kept
  latency WAYS MS [SCOPE]          each byte comes so much later
  rate WAYS BYTES [SCOPE]          at most so many bytes pass in a second; 0: no limit
  idle MS [SCOPE]                  cuts a connection by fin on which nothing passed for so long; 0: none
  refuse                           new connections are refused
  hang                             new connections are accepted and not forwarded
  listen                           new connections are forwarded again, on the same port, and so are those that hang
  connections                      each connection, with how many bytes were read and written in each direction
  chaos SECONDS [EVERY_MS] [MS]    random faults for so long, on the average so far apart (500), none of which
                                   lasts longer than that (1000); answers at the end, with how many of each
                                   kind and the connections that they hit
  calm                             ends the chaos now
";

/// What the proxy is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Cut the live connections.
    Cut(Cut),
    /// Change the settings of connections.
    Change(Scope, Change),
    /// See [`crate::Proxy::listen`].
    Listen,
    /// See [`crate::Proxy::hang`].
    Hang,
    /// See [`crate::Proxy::refuse`].
    Refuse,
    /// List the connections.
    Connections,
    /// See [`crate::chaos`].
    Chaos {
        /// For how long.
        lasts: Duration,
        /// How far apart the faults are, on the average.
        every: Duration,
        /// How long those that last do, at most.
        longest: Duration,
    },
    /// End the chaos.
    Calm,
}

/// How far apart the faults of a chaos are when its order does not say.
const EVERY: Duration = Duration::from_millis(500);
/// How long they last at most.
const LONGEST: Duration = Duration::from_secs(1);

impl Order {
    /// Reads an order, without its number.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let words: Vec<_> = text.split_ascii_whitespace().collect();
        Ok(match words[..] {
            ["reset"] => Self::Cut(Cut::Reset),
            ["fin"] => Self::Cut(Cut::Fin),
            ["reset-after", direction, bytes, ref scope @ ..] => limit(direction, bytes, Cut::Reset, scope)?,
            ["fin-after", direction, bytes, ref scope @ ..] => limit(direction, bytes, Cut::Fin, scope)?,
            ["hole", which, on, ref of @ ..] => Self::Change(scope(of)?, Change::Hole(directions(which)?, switch(on)?)),
            ["latency", which, latency, ref of @ ..] => {
                Self::Change(scope(of)?, Change::Latency(directions(which)?, milliseconds(latency)?))
            }
            ["rate", which, bytes, ref of @ ..] => {
                Self::Change(scope(of)?, Change::Rate(directions(which)?, NonZeroU64::new(number(bytes)?)))
            }
            ["idle", timeout, ref of @ ..] => {
                let timeout = milliseconds(timeout)?;
                Self::Change(scope(of)?, Change::Idle((!timeout.is_zero()).then_some(timeout)))
            }
            ["listen"] => Self::Listen,
            ["hang"] => Self::Hang,
            ["refuse"] => Self::Refuse,
            ["connections"] => Self::Connections,
            ["chaos", lasts] => Self::Chaos { lasts: seconds(lasts)?, every: EVERY, longest: LONGEST },
            ["chaos", lasts, every] => Self::Chaos { lasts: seconds(lasts)?, every: apart(every)?, longest: LONGEST },
            ["chaos", lasts, every, longest] => {
                Self::Chaos { lasts: seconds(lasts)?, every: apart(every)?, longest: milliseconds(longest)? }
            }
            ["calm"] => Self::Calm,
            _ => return Err(format!("no such order: {text:?}")),
        })
    }
}

fn limit(which: &str, bytes: &str, cut: Cut, of: &[&str]) -> Result<Order, String> {
    let limit = Some(ByteLimit { left: number(bytes)?, cut });
    Ok(Order::Change(scope(of)?, Change::Limit(direction(which)?, limit)))
}

fn direction(word: &str) -> Result<Direction, String> {
    match word {
        "up" => Ok(Direction::Up),
        "down" => Ok(Direction::Down),
        _ => Err(format!("{word:?} is neither up nor down")),
    }
}

fn directions(word: &str) -> Result<Directions, String> {
    if word == "both" {
        Ok(Directions::Each)
    } else {
        direction(word).map(Directions::One).map_err(|why| why + " nor both")
    }
}

fn scope(words: &[&str]) -> Result<Scope, String> {
    match words {
        [] | ["all"] => Ok(Scope::All),
        ["live"] => Ok(Scope::Live),
        ["new"] => Ok(Scope::New),
        _ => Err(format!("{:?} is neither live nor new nor all", words.join(" "))),
    }
}

fn switch(word: &str) -> Result<bool, String> {
    match word {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(format!("{word:?} is neither on nor off")),
    }
}

fn number(word: &str) -> Result<u64, String> {
    word.parse().map_err(|_| format!("{word:?} is not a number that fits"))
}

fn milliseconds(word: &str) -> Result<Duration, String> {
    Ok(Duration::from_millis(small(word)?))
}

fn apart(word: &str) -> Result<Duration, String> {
    let every = milliseconds(word)?;
    if every.is_zero() { Err("faults must be at least 1 ms apart".into()) } else { Ok(every) }
}

fn seconds(word: &str) -> Result<Duration, String> {
    Ok(Duration::from_secs(small(word)?))
}

/// Any time that is longer would leave the range of the clock.
fn small(word: &str) -> Result<u64, String> {
    let number = number(word)?;
    u32::try_from(number).map(u64::from).map_err(|_| format!("{number} is too long a time"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_names_ways_and_scope_and_the_scope_may_be_left_out() {
        let holes = |scope, directions| Ok(Order::Change(scope, Change::Hole(directions, true)));
        assert_eq!(Order::parse("hole both on"), holes(Scope::All, Directions::Each));
        assert_eq!(Order::parse(" hole  up on new"), holes(Scope::New, Directions::One(Direction::Up)));
        assert_eq!(Order::parse("hole down on live"), holes(Scope::Live, Directions::One(Direction::Down)));
    }

    #[test]
    fn zero_takes_a_limit_away() {
        assert_eq!(
            Order::parse("rate up 0"),
            Ok(Order::Change(Scope::All, Change::Rate(Directions::One(Direction::Up), None)))
        );
        assert_eq!(Order::parse("idle 0"), Ok(Order::Change(Scope::All, Change::Idle(None))));
    }

    #[test]
    fn a_byte_limit_has_one_direction() {
        let limit = Change::Limit(Direction::Down, Some(ByteLimit { left: 7, cut: Cut::Fin }));
        assert_eq!(Order::parse("fin-after down 7 new"), Ok(Order::Change(Scope::New, limit)));
        assert!(Order::parse("fin-after both 7").unwrap_err().contains("both"));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, named) in [
            ("", "no such order"),
            ("explode", "explode"),
            ("hole sideways on", "sideways"),
            ("hole up maybe", "maybe"),
            ("latency up -1", "-1"),
            ("latency up 99999999999", "too long"),
            ("hole up on old", "old"),
            ("hole up on live live", "live live"),
            ("chaos 1 0", "at least"),
            ("reset live", "no such order"),
        ] {
            let why = Order::parse(text).unwrap_err();
            assert!(why.contains(named), "{text:?}: {why}");
        }
    }

    #[test]
    fn every_order_of_the_help_is_one() {
        for row in HELP.lines().filter_map(|row| row.strip_prefix("  ")).filter(|row| !row.starts_with(' ')) {
            let example = row.split("  ").next().unwrap();
            let shown = [("WAYS", "both"), ("WAY", "up"), ("BYTES", "1"), ("on|off", "on"), ("SECONDS", "1")]
                .into_iter()
                .chain([("[EVERY_MS]", "1"), ("[MS]", "1"), ("MS", "1"), ("[SCOPE]", "all")])
                .fold(example.to_owned(), |text, (word, value)| text.replace(word, value));
            assert!(Order::parse(&shown).is_ok(), "{shown:?}: {:?}", Order::parse(&shown));
        }
    }
}
