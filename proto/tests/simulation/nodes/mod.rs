//! Two nodes with one store, the handlers of their app, and one client: the server's side of a session as a driver has it.
//! Nothing is lost, doubled or reordered, what is acknowledged or committed is stored, and a node that lost a session writes
//! nothing; and where the store has lost state, the client is told.
//!
//! | file | what it holds |
//! |---|---|
//! | `scenario` | what happens |
//! | `world` | who takes part, and what they do |
//! | `client` | the owner of a bare session end |
//! | `node` | a node: its table of sessions, and the way of a connection to its session |
//! | `driver` | does what a session says, with its handler, its connection and the store |
//! | `handler` | the app |
//! | `store` | the store, which may be slow, fail, answer late or twice, and lose state |
//! | `record` | the record of what happened, and the judgement |
//! | `twins` | broken drivers and broken stores |

mod client;
mod driver;
mod handler;
mod node;
mod record;
mod scenario;
mod store;
mod twins;
mod world;

use self::world::Scenario;
use crate::runs::scenarios;

scenarios! { what_is_acknowledged_is_stored_in_a_hundred_thousand_scenarios: [Scenario::from_seed] }
