use undrop::{CloseError, Error, Event, Options, Socket, State};
use wasm_bindgen_test::wasm_bindgen_test;

use super::support::{connect, hasty, server};

#[wasm_bindgen_test]
fn an_invalid_url_is_an_error_in_the_browsers_words() {
    for url in ["ws://", "ftp://example.org/", "ws://example.org/#fragment", "ws://example.org:99999"] {
        let Err(Error::Invalid(error)) = Socket::connect(url, Options::default(), |_, _| ()) else {
            panic!("{url} was accepted");
        };
        assert!(!error.is_empty());
        assert!(Error::Invalid(error.clone()).to_string().contains(&error));
    }
}

#[wasm_bindgen_test]
fn invalid_subprotocols_are_an_error() {
    for protocols in [vec!["two words"], vec!["same", "same"], vec![""]] {
        let options = Options::default().protocols(protocols);
        assert!(matches!(Socket::connect(&server("/echo"), options, |_, _| ()), Err(Error::Invalid(_))));
    }
}

#[wasm_bindgen_test]
async fn the_url_is_resolved_and_the_subprotocol_is_the_servers() {
    let options = Options::default().protocols(["chat", "news"]);
    let (socket, mut heard) = connect("/a/../echo?protocol=news", options);
    assert_eq!(socket.url(), server("/echo?protocol=news"));
    assert_eq!((socket.protocol(), socket.extensions()), (String::new(), String::new()));
    heard.open().await;
    assert_eq!(socket.protocol(), "news");
}

#[wasm_bindgen_test]
async fn each_state_is_told_before_the_event_that_it_explains() {
    let (socket, mut heard) = connect("/echo", hasty());
    assert_eq!(socket.state(), State::Connecting);
    assert_eq!(heard.any().await, Event::State(State::Open));
    assert_eq!(heard.any().await, Event::Open);
    assert_eq!(socket.state(), State::Open);
    socket.close();
    assert_eq!(heard.any().await, Event::State(State::Closing));
    assert_eq!(heard.any().await, Event::State(State::Closed));
    assert!(matches!(heard.any().await, Event::Close(_)));
}

#[wasm_bindgen_test]
async fn a_close_frame_that_an_app_can_not_send_is_refused_and_the_connection_stays_open() {
    let (socket, mut heard) = connect("/echo", Options::default());
    heard.open().await;
    for code in [0, 999, 1001, 1005, 1006, 2999, 5000] {
        assert_eq!(socket.close_with(code, ""), Err(Error::CloseFrame(CloseError::Code(code))));
    }
    assert_eq!(socket.close_with(1000, &"é".repeat(62)), Err(Error::CloseFrame(CloseError::Reason(124))));
    socket.send_text("still there").unwrap();
    assert_eq!(heard.text().await, "still there");
}
