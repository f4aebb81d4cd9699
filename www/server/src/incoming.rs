//! The checks of a handshake that are the same with a session and without one.

use axum::RequestPartsExt as _;
use axum::extract::{ConnectInfo, FromRequestParts, Path, Query};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::faults::{Faults, PeerInfo};
use crate::input::{Key, RoomName};
use crate::rooms::Rooms;

/// An incoming connection.
pub struct Incoming {
    /// The room and the tab. `None` if one of them is malformed.
    pub address: Option<(RoomName, Key)>,
    pub faults: Faults,
}

impl FromRequestParts<Rooms> for Incoming {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, rooms: &Rooms) -> Result<Self, Response> {
        #[derive(Deserialize)]
        struct Parameters {
            #[serde(default)]
            tab: String,
        }
        if !is_same_origin(&parts.headers) {
            return Err((StatusCode::FORBIDDEN, "this room is for its own page").into_response());
        }
        let Path(room): Path<String> = parts.extract().await.map_err(IntoResponse::into_response)?;
        let Query(Parameters { tab }) = parts.extract().await.map_err(IntoResponse::into_response)?;
        let ConnectInfo(PeerInfo { faults }) = parts.extract().await.map_err(IntoResponse::into_response)?;
        let address = RoomName::parse(&room).zip(Key::parse(&tab));
        if let Some((room, tab)) = &address
            && rooms.find(room).is_some_and(|room| room.entrance.refuses(tab))
        {
            return Err(StatusCode::SERVICE_UNAVAILABLE.into_response());
        }
        Ok(Self { address, faults })
    }
}

/// A browser sends the origin of the page that connects, and the page of another site is refused. A client that is no
/// browser sends no origin.
fn is_same_origin(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(origin) = text("origin") else { return true };
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    authority.is_some() && (authority == text("host") || authority == text("x-forwarded-host"))
}
