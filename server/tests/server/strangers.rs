//! Who is let in, and what is spoken.

use http::{HeaderValue, StatusCode, header};
use undrop::core::outbox::Bounds;
use undrop_server::{Config, Limits, Origins, Session, Strangers};

use crate::support::house::config;
use crate::support::raw::NoLine;
use crate::support::{Client, House, Raw, Tap, echo};

#[tokio::test]
async fn a_client_that_does_not_offer_the_protocol_is_refused() {
    let house = House::new(config(), echo).await;
    for offer in [None, Some("chat"), Some("undrop.2"), Some("undrop.1+chat")] {
        let line = Raw::dial(house.address, "", offer).await;
        assert!(matches!(line, Err(NoLine::Status(StatusCode::BAD_REQUEST))), "{offer:?}");
    }
    assert_eq!(house.metric("undrop_refused_total{for=\"stranger\"}"), 4);
}

#[tokio::test]
async fn or_served_without_it() {
    let config = Config { strangers: Strangers::Serve, protocols: vec!["chat".into()], ..config() };
    let house = House::new(config, echo).await;
    let mut line = Raw::dial(house.address, "", Some("news, chat")).await.unwrap();
    assert_eq!(line.protocol.as_deref(), Some("chat"));
    // Nothing is escaped, and nothing is the protocol's.
    for text in ["hi", "\u{10}new", "\u{10}\u{10}"] {
        line.say(text).await;
        assert_eq!(line.text().await, text);
    }
    drop(line);
    house.metric_becomes("undrop_sessions", 0).await;
}

#[tokio::test]
async fn a_plain_line_is_not_read_while_the_handler_does_not_keep_up() {
    let tap = Tap::new();
    let limits = Limits { inbox: Bounds { messages: 1_000, bytes: 5_000 }, ..Limits::default() };
    let house = House::new(Config { strangers: Strangers::Serve, limits, ..config() }, tap.handler()).await;
    let mut line = Raw::dial(house.address, "", None).await.unwrap();
    for _ in 0..20 {
        line.say(&"x".repeat(1_000)).await;
    }
    let mut held = tap.next().await;
    house.metric_becomes("undrop_messages_received_total", 5).await;
    for number in 1..=20 {
        assert_eq!(held.recv().await.number, number);
        assert!(house.metric("undrop_messages_received_total") < number + 5);
    }
}

#[tokio::test]
async fn a_plain_line_ends_when_the_handler_returns_and_all_is_sent() {
    let config = Config { strangers: Strangers::Serve, ..config() };
    let house = House::new(config, |session: Session| async move {
        for number in 0..1_000 {
            session.send(number.to_string()).unwrap();
        }
        session.close(4321, "done");
    })
    .await;
    let mut line = Raw::dial(house.address, "", None).await.unwrap();
    for number in 0..1_000 {
        assert_eq!(line.text().await, number.to_string());
    }
    assert_eq!(line.closed().await, Some((4321, "done".into())));
}

#[tokio::test]
async fn the_apps_own_subprotocol_goes_along() {
    let tap = Tap::new();
    let house = House::new(Config { protocols: vec!["v2".into(), "v1".into()], ..config() }, tap.handler()).await;
    let mut line = Raw::dial(house.address, "", Some("undrop.1+v1, undrop.1+v2, undrop.1")).await.unwrap();
    assert_eq!(line.protocol.as_deref(), Some("undrop.1+v2"));
    line.say("\u{10}new").await;
    assert!(line.text().await.starts_with("\u{10}welcome "));
    assert_eq!(tap.next().await.session.handshake().protocol.as_deref(), Some("v2"));
}

#[tokio::test]
async fn a_page_of_another_origin_is_refused() {
    let house = House::new(Config { origins: Origins::Same, ..config() }, echo).await;
    let from = |origin: String| {
        Raw::dial_with(house.address, "", Some("undrop.1"), move |request| {
            request.headers_mut().insert(header::ORIGIN, HeaderValue::try_from(origin).unwrap());
        })
    };
    assert!(matches!(from("https://evil.example".into()).await, Err(NoLine::Status(StatusCode::FORBIDDEN))));
    assert!(from(format!("http://{}", house.address)).await.is_ok());
    assert!(Raw::dial(house.address, "", Some("undrop.1")).await.is_ok());
}

#[tokio::test]
async fn who_is_nobody_is_let_in_to_be_told_so() {
    let house = House::new(config(), echo).await;
    let line = Raw::dial(house.address, "?user=", Some("undrop.1")).await.unwrap();
    assert_eq!(line.closed().await, Some((4401, "unauthorized".into())));
    assert_eq!(house.metric("undrop_sessions"), 0);
}

#[tokio::test]
async fn a_line_has_to_greet_and_in_time() {
    let house = House::new(Config { greeting: std::time::Duration::from_millis(50), ..config() }, echo).await;
    let line = Raw::dial(house.address, "", Some("undrop.1")).await.unwrap();
    assert_eq!(line.closed().await, Some((4001, "no greeting in time".into())));
    let house = House::new(config(), echo).await;
    for (words, reason) in [
        ("hello", "no greeting"),
        ("\u{10}\u{10}new", "no greeting"),
        ("\u{10}ack 0", "no greeting"),
        ("\u{10}nonsense", "unknown control frame"),
        ("\u{10}resume 1 0", "malformed token"),
        ("\u{10}resume 00000000000000000000000000000000 01", "malformed number"),
    ] {
        let mut line = Raw::dial(house.address, "", Some("undrop.1")).await.unwrap();
        line.say(words).await;
        assert_eq!(line.closed().await, Some((1002, reason.into())), "{words:?}");
    }
    assert_eq!(house.metric("undrop_violations_total"), 6);
}

#[tokio::test]
async fn who_breaks_the_protocol_loses_the_session() {
    let house = House::new(config(), echo).await;
    for (words, reason) in [
        ("\u{10}ack 1", "ack of the future"),
        ("\u{10}new", "unexpected control frame"),
        ("\u{10}welcome", "control frame too short"),
        ("\u{10}ping 9007199254740992", "number too large"),
        ("\u{10}", "unknown control frame"),
    ] {
        let mut client = Client::open(house.address, "").await;
        let mut line = client.abandon();
        line.say(words).await;
        assert_eq!(line.closed().await, Some((1002, reason.into())), "{words:?}");
    }
    house.metric_becomes("undrop_sessions", 0).await;
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
    client.dial().await;
    client.send("two").await;
    assert_eq!(client.text().await, "two");
    assert_eq!(client.resumed, 1);
    assert!(matches!(Raw::dial(address, "", None).await, Err(NoLine::Status(StatusCode::BAD_REQUEST))));
}
