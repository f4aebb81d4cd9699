//! The files: where each comes from, and the headers that go with it.

use std::io;
use std::path::Path;

use axum::Router;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::middleware::map_response;
use axum::response::Response;
use tower_http::services::{ServeDir, ServeFile};

/// Nothing inline, nothing from elsewhere. WebAssembly needs its own word, and Safari before 15.4 does
/// not count `ws:` to the same host as `'self'`.
const POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; \
    connect-src 'self' ws: wss:; base-uri 'none'; form-action 'self'; frame-ancestors 'self'";

/// Serves the package's folder, and of the page's folder the files that lie in it: not what is deeper, as
/// the source of this crate is, under whatever spelling of its path.
pub fn serve(page: &Path, package: &Path) -> io::Result<Router> {
    let mut router = Router::new()
        .route_service("/", ServeFile::new(page.join("index.html")))
        .nest_service("/undrop", ServeDir::new(package));
    for entry in page.read_dir()? {
        let entry = entry?;
        if let Some(name) = entry.file_name().to_str()
            && entry.path().is_file()
            && is_plain(name)
        {
            router = router.route_service(&format!("/{name}"), ServeFile::new(entry.path()));
        }
    }
    Ok(router.layer(map_response(with_headers)))
}

/// Whether a name is the same in a URL, and means nothing to the router.
fn is_plain(name: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    !name.starts_with('.') && name.chars().all(plain)
}

async fn with_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    // Asks each time, and is answered with a 304 as long as the file is the same.
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
