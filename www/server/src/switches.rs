//! The demo's switches: `POST /demo/ROOM/SWITCH?tab=KEY`. They act on the lines of the tab that asks, which alone knows its
//! key, or on its room; and they are there only if the server was started with them.

use std::time::Duration;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::post;
use serde::Deserialize;

use crate::fragile::Wound;
use crate::house::House;
use crate::words::{Key, RoomName};

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
struct Wish {
    tab: String,
    #[serde(default)]
    seconds: u32,
}

pub fn router(house: House) -> Router {
    Router::new().route("/demo/{room}/{switch}", post(throw)).with_state(house)
}

async fn throw(
    State(house): State<House>,
    Path((room, switch)): Path<(String, Switch)>,
    Query(Wish { tab, seconds }): Query<Wish>,
) -> StatusCode {
    let (Some(room), Some(tab)) = (RoomName::parse(&room), Key::parse(&tab)) else {
        return StatusCode::NOT_FOUND;
    };
    let Some(apartment) = house.find(&room).filter(|apartment| apartment.knows(&tab)) else {
        return StatusCode::NOT_FOUND;
    };
    let wound = match switch {
        Switch::Cut => Wound::Cut,
        Switch::Fin => Wound::Fin,
        Switch::Blackhole => Wound::BlackHole,
        Switch::Slow => Wound::Slow,
        Switch::Heal => Wound::None,
        Switch::Refuse => {
            apartment.door.refuse(tab, Duration::from_secs(seconds.min(LONGEST).into()));
            return StatusCode::NO_CONTENT;
        }
        Switch::Restart => {
            apartment.restart();
            return StatusCode::NO_CONTENT;
        }
    };
    // With a session one is there also while there is no line.
    if apartment.door.injure(&tab, wound) { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND }
}
