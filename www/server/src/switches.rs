//! The demo's switches: `POST /demo/ROOM/SWITCH?tab=KEY`. They act on the connections of the tab that asks, which alone knows
//! its key, or on its room. The routes exist only if the server was started with `--demo`.

use std::time::Duration;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::post;
use serde::Deserialize;

use crate::faults::Fault;
use crate::input::{Key, RoomName};
use crate::rooms::Rooms;

/// The longest refusal, in seconds.
const LONGEST: u32 = 30;

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Switch {
    Cut,
    Fin,
    Blackhole,
    Slow,
    Heal,
    Refuse,
    Restart,
}

#[derive(Deserialize)]
struct Parameters {
    tab: String,
    #[serde(default)]
    seconds: u32,
}

pub fn router(rooms: Rooms) -> Router {
    Router::new().route("/demo/{room}/{switch}", post(throw)).with_state(rooms)
}

async fn throw(
    State(rooms): State<Rooms>,
    Path((room, switch)): Path<(String, Switch)>,
    Query(Parameters { tab, seconds }): Query<Parameters>,
) -> StatusCode {
    let (Some(room), Some(tab)) = (RoomName::parse(&room), Key::parse(&tab)) else {
        return StatusCode::NOT_FOUND;
    };
    let Some(room) = rooms.find(&room).filter(|room| room.has_member(&tab)) else {
        return StatusCode::NOT_FOUND;
    };
    let fault = match switch {
        Switch::Cut => Fault::Cut,
        Switch::Fin => Fault::Fin,
        Switch::Blackhole => Fault::BlackHole,
        Switch::Slow => Fault::Slow,
        Switch::Heal => Fault::None,
        Switch::Refuse => {
            room.entrance.refuse(tab, Duration::from_secs(seconds.min(LONGEST).into()));
            return StatusCode::NO_CONTENT;
        }
        Switch::Restart => {
            room.restart();
            return StatusCode::NO_CONTENT;
        }
    };
    // A tab with a session is a member also while it has no connection.
    if room.entrance.inject(&tab, fault) { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND }
}
