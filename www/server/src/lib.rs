//! The chat server of the project: it serves the page, the built package and the rooms.
//!
//! Everything in it has a bound (see the constants at the head of each module), and nothing that a
//! client sends can end more than that client's own line, or be heard outside of its room.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

mod allowance;
mod client;
mod door;
mod files;
mod fragile;
mod guest;
mod history;
mod house;
mod line;
mod pages;
mod piece;
mod protocol;
mod room;
mod runs;
mod switches;
mod tally;
mod visit;
mod words;

use std::io;
use std::path::Path as FilePath;

use axum::Router;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{FromRequestParts as _, Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get};
use tokio::net::TcpListener;
use undrop_server::SessionUpgrade;

use crate::client::LARGEST_FRAME;
use crate::fragile::{Connection, FragileListener};
pub use crate::house::House;
use crate::room::Dismissal;
use crate::visit::Visit;

/// The room's name, or the tab's key, cannot be one: there is no point in coming back.
const BAD_ADDRESS: Dismissal = (4404, "no such room");
/// What asks for a session, as a subprotocol.
const PROTOCOL: &str = "undrop.1";

/// Whether the server may be asked to injure lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switches {
    /// Each client its own line, and its own room.
    On,
    /// There are none.
    Off,
}

/// The whole site: the rooms at `/chat/ROOM`, and for who has a session at `/session/ROOM`; the package below `/undrop/`, and
/// the page's files. It fails when there is no such page.
pub fn site(house: House, page: &FilePath, package: &FilePath, switches: Switches) -> io::Result<Router> {
    let rooms = Router::new().route("/chat/{room}", any(chat)).route("/session/{room}", any(session));
    // The page shows switches only if there are any.
    let answer = if switches == Switches::On { "on" } else { "off" };
    let site =
        pages::serve(page, package)?.merge(rooms.with_state(house.clone())).route("/demo", get(async move || answer));
    Ok(match switches {
        Switches::On => site.merge(switches::router(house)),
        Switches::Off => site,
    })
}

async fn chat(State(house): State<House>, visit: Visit, upgrade: WebSocketUpgrade) -> Response {
    let Visit { address, wounds } = visit;
    upgrade.max_message_size(LARGEST_FRAME).max_frame_size(LARGEST_FRAME).on_upgrade(async move |socket| {
        let seat = address.ok_or(BAD_ADDRESS).and_then(|(room, tab)| {
            let seat = house.enter(room, tab.clone())?;
            seat.0.note(tab, &wounds);
            Ok(seat)
        });
        match seat {
            Ok((seat, closing)) => line::attend(socket, seat, closing).await,
            Err(dismissal) => line::dismiss(socket, dismissal).await,
        }
    })
}

async fn session(State(house): State<House>, visit: Visit, request: Request) -> Response {
    let Visit { address, wounds } = visit;
    let (mut parts, _) = request.into_parts();
    let apartment = address.ok_or(BAD_ADDRESS).and_then(|(room, tab)| Ok((house.call_at(room, &tab)?, tab)));
    let (apartment, tab) = match apartment {
        Ok(found) => found,
        // A page hears nothing of an answer that is no line.
        Err(dismissal) => {
            return match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
                Ok(upgrade) => upgrade.protocols([PROTOCOL]).on_upgrade(move |socket| line::dismiss(socket, dismissal)),
                Err(rejection) => rejection.into_response(),
            };
        }
    };
    match SessionUpgrade::from_request_parts(&mut parts, &apartment.door.sessions()).await {
        Ok(upgrade) => {
            apartment.door.note(tab.clone(), &wounds);
            upgrade.on_session(|session| guest::attend(session, apartment, tab))
        }
        Err(rejection) => rejection.into_response(),
    }
}

/// Serves it until it fails.
pub async fn serve(listener: TcpListener, site: Router) -> io::Result<()> {
    axum::serve(FragileListener(listener), site.into_make_service_with_connect_info::<Connection>()).await
}
