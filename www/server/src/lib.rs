//! The chat server of the project: it serves the page, the built package and the rooms.
//!
//! Everything in it has a bound (see the constants at the head of each module), and nothing that a
//! client sends can end more than that client's own line, or be heard outside of its room.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

mod allowance;
mod files;
mod fragile;
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
mod words;

use std::io;
use std::path::Path as FilePath;

use axum::Router;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{ConnectInfo, Path, Query};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get};
use serde::Deserialize;
use tokio::net::TcpListener;

use crate::fragile::{Connection, FragileListener};
pub use crate::house::House;
use crate::room::Dismissal;
use crate::words::{Key, RoomName};

/// The room's name, or the tab's key, cannot be one: there is no point in coming back.
const BAD_ADDRESS: Dismissal = (4404, "no such room");

/// Whether the server may be asked to injure lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switches {
    /// Each client its own line, and its own room.
    On,
    /// There are none.
    Off,
}

/// The whole site: the rooms at `/chat/ROOM`, the package below `/undrop/`, and the page's files. It fails when
/// there is no such page.
pub fn site(house: House, page: &FilePath, package: &FilePath, switches: Switches) -> io::Result<Router> {
    let rooms = house.clone();
    let chat = any(
        async move |upgrade: WebSocketUpgrade,
                    headers: HeaderMap,
                    ConnectInfo(Connection { wounds }): ConnectInfo<Connection>,
                    Path(room): Path<String>,
                    Query(Visitor { tab }): Query<Visitor>|
                    -> Response {
            if !is_from_here(&headers) {
                return (StatusCode::FORBIDDEN, "this room is for its own page").into_response();
            }
            let address = RoomName::parse(&room).zip(Key::parse(&tab));
            if let Some((room, tab)) = &address
                && rooms.with(room, |room| room.refuses(tab)).unwrap_or_default()
            {
                return StatusCode::SERVICE_UNAVAILABLE.into_response();
            }
            upgrade.max_message_size(line::LARGEST_FRAME).max_frame_size(line::LARGEST_FRAME).on_upgrade(
                async move |socket| {
                    let seat = address.ok_or(BAD_ADDRESS).and_then(|(room, tab)| rooms.enter(room, tab, wounds));
                    line::attend(socket, seat).await;
                },
            )
        },
    );
    // The page shows switches only if there are any.
    let answer = if switches == Switches::On { "on" } else { "off" };
    let site = pages::serve(page, package)?.route("/chat/{room}", chat).route("/demo", get(async move || answer));
    Ok(match switches {
        Switches::On => site.merge(switches::router(house)),
        Switches::Off => site,
    })
}

/// Serves it until it fails.
pub async fn serve(listener: TcpListener, site: Router) -> io::Result<()> {
    axum::serve(FragileListener(listener), site.into_make_service_with_connect_info::<Connection>()).await
}

#[derive(Deserialize)]
struct Visitor {
    #[serde(default)]
    tab: String,
}

/// A browser tells which page dials: another site's page has no business here. What is no browser tells nothing.
fn is_from_here(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(origin) = text("origin") else { return true };
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    authority.is_some() && (authority == text("host") || authority == text("x-forwarded-host"))
}
