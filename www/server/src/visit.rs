//! What is to be known of a client before it gets a line, of either kind.

use axum::RequestPartsExt as _;
use axum::extract::{ConnectInfo, FromRequestParts, Path, Query};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::fragile::{Connection, Wounds};
use crate::house::House;
use crate::words::{Key, RoomName};

/// Who dials, and where to.
pub struct Visit {
    /// None if there can be no such room, or no such tab.
    pub address: Option<(RoomName, Key)>,
    pub wounds: Wounds,
}

impl FromRequestParts<House> for Visit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, house: &House) -> Result<Self, Response> {
        #[derive(Deserialize)]
        struct Visitor {
            #[serde(default)]
            tab: String,
        }
        if !is_from_here(&parts.headers) {
            return Err((StatusCode::FORBIDDEN, "this room is for its own page").into_response());
        }
        let Path(room): Path<String> = parts.extract().await.map_err(IntoResponse::into_response)?;
        let Query(Visitor { tab }) = parts.extract().await.map_err(IntoResponse::into_response)?;
        let ConnectInfo(Connection { wounds }) = parts.extract().await.map_err(IntoResponse::into_response)?;
        let address = RoomName::parse(&room).zip(Key::parse(&tab));
        if let Some((room, tab)) = &address
            && house.find(room).is_some_and(|apartment| apartment.door.refuses(tab))
        {
            return Err(StatusCode::SERVICE_UNAVAILABLE.into_response());
        }
        Ok(Self { address, wounds })
    }
}

/// A browser tells which page dials: another site's page has no business here. What is no browser tells nothing.
fn is_from_here(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(origin) = text("origin") else { return true };
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    authority.is_some() && (authority == text("host") || authority == text("x-forwarded-host"))
}
