//! The chat server of the project: it serves the page, the built package and the room.
//!
//! Everything in it has a bound (see the constants at the head of each module), and nothing that a
//! client sends can end more than that client's own line.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

mod allowance;
mod hall;
mod line;
mod pages;
mod protocol;
mod room;

use std::io;
use std::path::Path;

use axum::Router;
use axum::extract::ws::WebSocketUpgrade;
use axum::routing::any;

pub use crate::room::Room;

/// The whole site: the room at `/chat`, the package below `/undrop/`, and the page's files. It fails when
/// there is no such page.
pub fn site(room: Room, page: &Path, package: &Path) -> io::Result<Router> {
    let chat = any(async move |upgrade: WebSocketUpgrade| {
        upgrade
            .max_message_size(line::LARGEST_FRAME)
            .max_frame_size(line::LARGEST_FRAME)
            .on_upgrade(move |socket| line::attend(socket, room))
    });
    Ok(pages::serve(page, package)?.route("/chat", chat))
}
