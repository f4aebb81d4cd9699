//! What a server says once, at `warn`, of how it is set up behind a proxy.

use http::{HeaderValue, StatusCode, header};
use undrop_server::{Limits, Origins, Proxies};

use crate::support::log::Log;
use crate::support::raw::NoConnection;
use crate::support::server::config;
use crate::support::{Raw, Server, echo};

fn set(request: &mut http::Request<()>, name: header::HeaderName, value: &'static str) {
    request.headers_mut().insert(name, HeaderValue::from_static(value));
}

/// What is logged with this text.
fn said(log: &Log, text: &str) -> usize {
    log.text().matches(text).count()
}

#[tokio::test]
async fn a_proxy_that_changes_the_host_is_warned_of_once_with_what_was_compared() {
    let (log, _guard) = Log::start();
    let server = Server::new(config().origins(Origins::Same), echo).await;
    let from = async |origin, host| {
        let changed = Raw::connect_with(server.address, "", Some("undrop.1"), |request| {
            set(request, header::ORIGIN, origin);
            set(request, header::HOST, host);
        });
        match changed.await {
            Ok(_) => None,
            Err(NoConnection::Status(status)) => Some(status),
            Err(NoConnection::Other) => panic!("no answer"),
        }
    };
    let page = "https://chat.example.org:8443";
    for _ in 0..3 {
        // nginx, as it comes; with $host on another port; and with $http_host.
        assert_eq!(from(page, "backend").await, Some(StatusCode::FORBIDDEN));
        assert_eq!(from(page, "chat.example.org").await, Some(StatusCode::FORBIDDEN));
        assert_eq!(from(page, "chat.example.org:8443").await, None);
    }
    assert_eq!(said(&log, "proxy_set_header Host $http_host"), 2);
    for compared in [
        "why=Host origin=\"https://chat.example.org:8443\" host=\"backend\"",
        "why=Port origin=\"https://chat.example.org:8443\" host=\"chat.example.org\"",
    ] {
        assert_eq!(said(&log, compared), 1, "{}", log.text());
    }
}

#[tokio::test]
async fn a_private_address_that_uses_up_its_limit_is_warned_of_once() {
    for limits in
        [Limits::default().handshake_burst(2).handshakes_per_second(0), Limits::default().connections_per_address(2)]
    {
        let (log, _guard) = Log::start();
        let server = Server::new(config().limits(limits), echo).await;
        let mut held = Vec::new();
        for _ in 0..6 {
            held.push(Raw::connect(server.address, "", Some("undrop.1")).await);
        }
        assert_eq!(held.iter().filter(|connection| connection.is_ok()).count(), 2);
        assert_eq!(said(&log, "set Config::proxies"), 1, "{}", log.text());
        assert_eq!(said(&log, "address=127.0.0.1 limit=\"Limits::"), 1, "{}", log.text());
    }
}

#[tokio::test]
async fn sessions_of_a_private_address_that_are_too_many_are_warned_of_once() {
    let (log, _guard) = Log::start();
    let limits = Limits::default().sessions_per_address(1);
    let server = Server::new(config().limits(limits), echo).await;
    let mut first = Raw::connect(server.address, "", Some("undrop.1")).await.unwrap();
    first.say("\u{10}new").await;
    first.text().await;
    for _ in 0..3 {
        let mut further = Raw::connect(server.address, "", Some("undrop.1")).await.unwrap();
        further.say("\u{10}new").await;
        assert_eq!(further.closed().await, Some((1013, "too many sessions".into())));
    }
    assert_eq!(said(&log, "limit=\"Limits::sessions_per_address\""), 1, "{}", log.text());
}

#[tokio::test]
async fn behind_a_proxy_that_names_them_each_client_has_a_limit_of_its_own() {
    let (log, _guard) = Log::start();
    let limits = Limits::default().connections_per_address(1);
    let server = Server::new(config().limits(limits).proxies(Proxies::XForwardedFor(1)), echo).await;
    let mut held = Vec::new();
    for client in ["192.0.2.1", "192.0.2.2", "192.0.2.3, 198.51.100.1"] {
        let forwarded = header::HeaderName::from_static("x-forwarded-for");
        let connection = Raw::connect_with(server.address, "", Some("undrop.1"), |request| {
            set(request, forwarded, client);
        });
        held.push(connection.await.unwrap());
    }
    assert_eq!(said(&log, "set Config::proxies"), 0, "{}", log.text());
}
