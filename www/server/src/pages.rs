//! Serves the files of the page and of the package, with their headers.

use std::io;
use std::path::Path;

use axum::Router;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::middleware::map_response;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use tower_http::services::ServeDir;

/// Serves the package below `/undrop`, and the page's files.
pub fn serve(page: &Path, package: &Path) -> io::Result<Router> {
    let policy = policy(&std::fs::read_to_string(page.join("index.html"))?);
    let policy = HeaderValue::from_str(&policy).map_err(io::Error::other)?;
    Ok(Router::new()
        .nest_service("/undrop", ServeDir::new(package))
        .fallback_service(ServeDir::new(page))
        .layer(map_response(move |response| std::future::ready(with_headers(response, policy.clone())))))
}

/// The content security policy. Nothing is inline but the import map, which cannot be in a file and is allowed by its hash;
/// nothing is from another server. `blob:` is for the pictures that people send. WebAssembly needs a keyword of its own, and
/// Safari before 15.4 does not count `ws:` to the same host as `'self'`.
fn policy(page: &str) -> String {
    let map = page.split_once(r#"<script type="importmap">"#).and_then(|(_, rest)| rest.split_once("</script>"));
    let hash = map.map_or_else(String::new, |(map, _)| format!(" 'sha256-{}'", STANDARD.encode(Sha256::digest(map))));
    format!(
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'{hash}; img-src 'self' blob:; \
         connect-src 'self' ws: wss:; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
    )
}

fn with_headers(mut response: Response, policy: HeaderValue) -> Response {
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    // The browser asks each time, and gets a 304 as long as the file is the same.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    let charset = match headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes) {
        Some(b"text/html") => "text/html; charset=utf-8",
        Some(b"text/javascript") => "text/javascript; charset=utf-8",
        Some(b"text/css") => "text/css; charset=utf-8",
        Some(b"text/plain") => "text/plain; charset=utf-8",
        _ => return response,
    };
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(charset));
    response
}
