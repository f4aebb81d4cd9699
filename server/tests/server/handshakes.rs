//! Which handshakes are accepted, and with which subprotocol.

use http::{HeaderValue, StatusCode, header};
use undrop_server::{Limits, Origins, PlainConnections, Session};

use crate::support::raw::NoConnection;
use crate::support::server::config;
use crate::support::{Client, Raw, Server, Tap, echo};

#[tokio::test]
async fn a_client_that_does_not_offer_the_protocol_is_refused() {
    let server = Server::new(config(), echo).await;
    for offer in [None, Some("chat"), Some("undrop.2"), Some("undrop.1+chat")] {
        let connection = Raw::connect(server.address, "", offer).await;
        assert!(matches!(connection, Err(NoConnection::Status(StatusCode::BAD_REQUEST))), "{offer:?}");
    }
    assert_eq!(server.metric("undrop_connections_refused_total{cause=\"subprotocol\"}"), 4);
}

#[tokio::test]
async fn or_served_plainly() {
    let config = config().plain_connections(PlainConnections::Serve).protocols(["chat"]);
    let server = Server::new(config, echo).await;
    let mut connection = Raw::connect(server.address, "", Some("other, chat")).await.unwrap();
    assert_eq!(connection.protocol.as_deref(), Some("chat"));
    // Nothing is escaped, and nothing is the protocol's.
    for text in ["hi", "\u{10}new", "\u{10}\u{10}"] {
        connection.say(text).await;
        assert_eq!(connection.text().await, text);
    }
    drop(connection);
    server.metric_becomes("undrop_sessions", 0).await;
}

#[tokio::test]
async fn a_plain_connection_is_not_read_while_the_handler_does_not_keep_up() {
    let tap = Tap::new();
    let limits = Limits::default().inbox_bytes(5_000);
    let server = Server::new(config().plain_connections(PlainConnections::Serve).limits(limits), tap.handler()).await;
    let mut connection = Raw::connect(server.address, "", None).await.unwrap();
    for _ in 0..20 {
        connection.say(&"x".repeat(1_000)).await;
    }
    let mut held = tap.next().await;
    server.metric_becomes("undrop_messages_received_total", 5).await;
    for number in 1..=20 {
        assert_eq!(held.recv().await.number, number);
        assert!(server.metric("undrop_messages_received_total") < number + 5);
    }
}

#[tokio::test]
async fn a_plain_connection_ends_when_the_handler_returns_and_all_is_sent() {
    let config = config().plain_connections(PlainConnections::Serve);
    let server = Server::new(config, |session: Session| async move {
        for number in 0..1_000 {
            session.send(number.to_string()).unwrap();
        }
        session.close(4321, "done");
    })
    .await;
    let mut connection = Raw::connect(server.address, "", None).await.unwrap();
    for number in 0..1_000 {
        assert_eq!(connection.text().await, number.to_string());
    }
    assert_eq!(connection.closed().await, Some((4321, "done".into())));
}

#[tokio::test]
async fn the_apps_own_subprotocol_goes_along() {
    let tap = Tap::new();
    let server = Server::new(config().protocols(["v2", "v1"]), tap.handler()).await;
    let mut connection = Raw::connect(server.address, "", Some("undrop.1+v1, undrop.1+v2, undrop.1")).await.unwrap();
    assert_eq!(connection.protocol.as_deref(), Some("undrop.1+v2"));
    connection.say("\u{10}new").await;
    assert!(connection.text().await.starts_with("\u{10}welcome "));
    assert_eq!(tap.next().await.session.handshake().protocol.as_deref(), Some("v2"));
}

#[tokio::test]
async fn a_page_of_another_origin_is_refused() {
    let server = Server::new(config().origins(Origins::Same), echo).await;
    let from = |origin: String| {
        Raw::connect_with(server.address, "", Some("undrop.1"), move |request| {
            request.headers_mut().insert(header::ORIGIN, HeaderValue::try_from(origin).unwrap());
        })
    };
    assert!(matches!(from("https://evil.example".into()).await, Err(NoConnection::Status(StatusCode::FORBIDDEN))));
    assert!(from(format!("http://{}", server.address)).await.is_ok());
    assert!(Raw::connect(server.address, "", Some("undrop.1")).await.is_ok());
}

#[tokio::test]
async fn a_client_that_the_app_refuses_is_closed_with_4401() {
    let server = Server::new(config(), echo).await;
    let connection = Raw::connect(server.address, "?user=", Some("undrop.1")).await.unwrap();
    assert_eq!(connection.closed().await, Some((4401, "unauthorized".into())));
    assert_eq!(server.metric("undrop_sessions"), 0);
}

#[tokio::test]
async fn a_connection_has_to_greet_in_time() {
    let server = Server::new(config().greeting(std::time::Duration::from_millis(50)), echo).await;
    let connection = Raw::connect(server.address, "", Some("undrop.1")).await.unwrap();
    assert_eq!(connection.closed().await, Some((4001, "no greeting in time".into())));
    let server = Server::new(config(), echo).await;
    for (words, reason) in [
        ("hello", "no greeting"),
        ("\u{10}\u{10}new", "no greeting"),
        ("\u{10}ack 0", "no greeting"),
        ("\u{10}nonsense", "unknown control frame"),
        ("\u{10}resume 1 0", "malformed token"),
        ("\u{10}resume 00000000000000000000000000000000 01", "malformed number"),
    ] {
        let mut connection = Raw::connect(server.address, "", Some("undrop.1")).await.unwrap();
        connection.say(words).await;
        assert_eq!(connection.closed().await, Some((1002, reason.into())), "{words:?}");
    }
    assert_eq!(server.metric("undrop_violations_total"), 6);
}

#[tokio::test]
async fn a_client_that_breaks_the_protocol_loses_the_session() {
    let server = Server::new(config(), echo).await;
    for (words, reason) in [
        ("\u{10}ack 1", "ack of the future"),
        ("\u{10}new", "unexpected control frame"),
        ("\u{10}welcome", "control frame too short"),
        ("\u{10}ping 9007199254740992", "number too large"),
        ("\u{10}", "unknown control frame"),
    ] {
        let mut client = Client::open(server.address, "").await;
        let mut connection = client.abandon();
        connection.say(words).await;
        assert_eq!(connection.closed().await, Some((1002, reason.into())), "{words:?}");
    }
    server.metric_becomes("undrop_sessions", 0).await;
}

#[tokio::test]
async fn a_stream_of_bytes_is_enough() {
    let sessions = undrop_server::Sessions::new(config());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, peer) = listener.accept().await.unwrap();
            let sessions = sessions.clone();
            tokio::spawn(async move { sessions.accept(stream, Some(peer.ip()), echo).await });
        }
    });
    let mut client = Client::open(address, "").await;
    client.send("one").await;
    assert_eq!(client.text().await, "one");
    client.cut();
    client.connect().await;
    client.send("two").await;
    assert_eq!(client.text().await, "two");
    assert_eq!(client.resumed, 1);
    assert!(matches!(Raw::connect(address, "", None).await, Err(NoConnection::Status(StatusCode::BAD_REQUEST))));
}
