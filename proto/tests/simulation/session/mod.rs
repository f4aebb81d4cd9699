//! The two ends of a session: a client that is a bare session end or a whole connection, and a server with or without a
//! store. Nothing is lost, doubled or reordered, and each message has one end.
//!
//! | file | what it holds |
//! |---|---|
//! | `scenario` | what happens |
//! | `world` | who takes part, and what they do |
//! | `bare_client`, `whole_client` | the owner of a bare session end, the driver of a connection |
//! | `server` | the owner of the ends that answer, and its store |
//! | `record`, `acknowledgements`, `side`, `pace` | the record of what happened, and the judgement |
//! | `twins` | the real ends, and broken twins |

mod acknowledgements;
mod bare_client;
mod pace;
mod record;
mod scenario;
mod server;
mod side;
mod twins;
mod whole_client;
mod world;

use self::world::Scenario;
use crate::runs::scenarios;

scenarios! { nothing_is_lost_doubled_or_reordered_in_a_hundred_thousand_scenarios_of_each_client: [Scenario::bare, Scenario::whole] }
