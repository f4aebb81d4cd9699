//! The checks of a handshake that are the same with a session and without one.

use axum::RequestPartsExt as _;
use axum::extract::{ConnectInfo, FromRequestParts, Path, Query};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::faults::PeerInfo;
use crate::input::{Key, RoomName};
use crate::rooms::Rooms;

/// An incoming connection.
pub struct Incoming {
    /// The room and the tab. `None` if one of them is malformed.
    pub address: Option<(RoomName, Key)>,
    pub peer: PeerInfo,
}

impl FromRequestParts<Rooms> for Incoming {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, rooms: &Rooms) -> Result<Self, Response> {
        #[derive(Deserialize)]
        struct Parameters {
            #[serde(default)]
            tab: String,
        }
        let Path(room): Path<String> = parts.extract().await.map_err(IntoResponse::into_response)?;
        let Query(Parameters { tab }) = parts.extract().await.map_err(IntoResponse::into_response)?;
        let ConnectInfo(peer) = parts.extract::<ConnectInfo<PeerInfo>>().await.map_err(IntoResponse::into_response)?;
        let address = RoomName::parse(&room).zip(Key::parse(&tab));
        if let Some((room, tab)) = &address
            && rooms.find(room).is_some_and(|room| room.entrance.refuses(tab))
        {
            return Err(StatusCode::SERVICE_UNAVAILABLE.into_response());
        }
        Ok(Self { address, peer })
    }
}
