//! The two ends of a session: a client that is a bare session end or a whole connection, and a server with or without a
//! store. Nothing is lost, doubled or reordered, and each message has one end.
//!
//! | file | what it holds |
//! |---|---|
//! | `scenario` | what happens |
//! | `world` | has it happen |
//! | `bare_client`, `whole_client` | the owner of a bare session end, the driver of a connection |
//! | `server` | the owner of the ends that answer, and its store |
//! | `message` | a message, and how it travels |
//! | `record`, `acknowledgements`, `side`, `pace` | the record of what happened, and the judgement |
//! | `twins` | the real ends, and broken twins |

mod acknowledgements;
mod bare_client;
mod message;
mod pace;
mod record;
mod scenario;
mod server;
mod side;
mod twins;
mod whole_client;
mod world;

use self::scenario::Scenario;
use self::world::{Census, World};
use crate::census::Census as _;
use crate::law::Verdict;
use crate::runs;

#[test]
fn nothing_is_lost_doubled_or_reordered_in_a_hundred_thousand_scenarios_of_each_client() {
    runs::many(|seed| run(seed, false));
}

#[test]
fn soak() {
    runs::soak(|seed| run(seed, false));
}

#[test]
fn replay() {
    runs::replay(|seed| run(seed, true));
}

fn run(seed: u64, tell: bool) -> Verdict<Census> {
    let mut census = World::run(&Scenario::from_seed(seed, false), None, tell)?;
    census.add(&World::run(&Scenario::from_seed(seed, true), None, tell)?);
    Ok(census)
}
