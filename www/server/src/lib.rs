//! The chat server of the project: it serves the page, the built package and the rooms.
//!
//! Everything in it is bounded (see the constants at the head of each module). What a client sends can close no connection but
//! its own, and reaches only its own room.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

mod client;
mod connection;
mod entrance;
mod faults;
mod files;
mod history;
mod hosts;
mod incoming;
mod input;
mod pages;
mod piece;
mod protocol;
mod rate_limit;
mod refusal;
mod room;
mod rooms;
mod runs;
mod sequence;
mod serve;
mod session;
mod shared_room;
mod switches;

use std::io;
use std::path::Path as FilePath;
use std::sync::Arc;

use axum::Router;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{FromRequestParts as _, Request, State};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get};
use undrop_server::SessionUpgrade;

use crate::client::LARGEST_FRAME;
pub use crate::hosts::Hosts;
use crate::incoming::Incoming;
pub use crate::room::Timeouts;
use crate::room::{CloseReason, Entrant, Lifetime};
pub use crate::rooms::Rooms;
pub use crate::serve::serve;

/// The room's name or the tab's key is malformed, so a client need not try again.
const BAD_ADDRESS: CloseReason = (4404, "no such room");
/// The subprotocol of sessions.
const PROTOCOL: &str = "undrop.1";

/// Whether the server has the demo's switches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switches {
    /// A client may inject faults into its own connection and restart its own room.
    On,
    /// There are no switches.
    Off,
}

/// The whole site: the rooms at `/chat/ROOM` without a session and at `/session/ROOM` with one, the package below `/undrop/`,
/// and the page's files, for requests that name one of these hosts.
///
/// # Errors
/// When the page's `index.html` cannot be read.
pub fn site(rooms: Rooms, page: &FilePath, package: &FilePath, switches: Switches, hosts: Hosts) -> io::Result<Router> {
    let chats = Router::new().route("/chat/{room}", any(chat)).route("/session/{room}", any(session));
    // The page shows switches only if there are any.
    let answer = if switches == Switches::On { "on" } else { "off" };
    let site =
        pages::serve(page, package)?.merge(chats.with_state(rooms.clone())).route("/demo", get(async move || answer));
    let site = match switches {
        Switches::On => site.merge(switches::router(rooms)),
        Switches::Off => site,
    };
    Ok(site.layer(from_fn_with_state(Arc::new(hosts), hosts::check)))
}

async fn chat(State(rooms): State<Rooms>, incoming: Incoming, upgrade: WebSocketUpgrade) -> Response {
    let Incoming { address, peer } = incoming;
    upgrade.max_message_size(LARGEST_FRAME).max_frame_size(LARGEST_FRAME).on_upgrade(async move |socket| {
        let entered = address.ok_or(BAD_ADDRESS).and_then(|(room, tab)| {
            let connection = peer.faults.handle();
            let (address, lifetime) = (peer.address, Lifetime::Connection);
            let entered = rooms.enter(room, Entrant { tab: tab.clone(), address, connection, lifetime })?;
            entered.0.register(tab, &peer.faults);
            Ok(entered)
        });
        match entered {
            Ok((membership, closing)) => connection::serve(socket, membership, closing).await,
            Err(reason) => connection::close(socket, reason).await,
        }
    })
}

async fn session(State(rooms): State<Rooms>, incoming: Incoming, request: Request) -> Response {
    let Incoming { address, peer } = incoming;
    let (mut parts, _) = request.into_parts();
    let room =
        address.ok_or(BAD_ADDRESS).and_then(|(room, tab)| Ok((rooms.find_for_session(room, &tab, peer.address)?, tab)));
    let (room, tab) = match room {
        Ok(found) => found,
        // A browser tells its page nothing of a refused handshake, so the connection is opened to be closed with a reason.
        Err(reason) => {
            return match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
                Ok(upgrade) => {
                    upgrade.protocols([PROTOCOL]).on_upgrade(move |socket| connection::close(socket, reason))
                }
                Err(rejection) => rejection.into_response(),
            };
        }
    };
    match SessionUpgrade::from_request_parts(&mut parts, &room.entrance.sessions()).await {
        Ok(upgrade) => {
            room.connected(&tab, &peer.faults);
            let connection = peer.faults.handle();
            let entrant = Entrant { tab, address: peer.address, connection, lifetime: Lifetime::Session };
            upgrade.on_session(|session| session::serve(session, room, entrant))
        }
        Err(rejection) => rejection.into_response(),
    }
}
