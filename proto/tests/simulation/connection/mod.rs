//! A connection with a queue, of which every move is known: native sockets, a server, a page and a user, each of which
//! does anything at any time.
//!
//! | file | what it holds |
//! |---|---|
//! | `scenario` | what happens |
//! | `world` | who takes part, and what they do |
//! | `driver` | tells the protocol, and does what it says |
//! | `sockets` | native sockets, and the server |
//! | `record`, `loss`, `messages`, `silence` | the record of what happened, and the judgement |
//! | `census` | what was met |
//! | `input`, `twins` | the real connection, and broken twins |

mod census;
mod driver;
mod input;
mod loss;
mod messages;
mod record;
mod scenario;
mod silence;
mod sockets;
mod twins;
mod world;

use self::census::Census;
use self::world::Scenario;
use crate::runs::scenarios;

scenarios! { every_law_holds_in_a_hundred_thousand_scenarios: [Scenario::from_seed], waits_are_half_of_their_windows }

/// I9: full jitter means half a window, on average.
fn waits_are_half_of_their_windows(census: &Census) {
    let half = census.drawn as f64 / census.windows as f64;
    assert!((0.48..0.52).contains(&half), "waits are {half} of their windows");
}
