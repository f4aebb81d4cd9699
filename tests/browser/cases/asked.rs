use undrop::core::State;
use undrop::{Error, Event, Options, Socket};
use wasm_bindgen_test::wasm_bindgen_test;

use super::user::{connect, hasty, server};

#[wasm_bindgen_test]
fn a_url_that_can_be_none_is_an_error_in_the_browsers_words() {
    for url in ["ws://", "ftp://example.org/", "ws://example.org/#fragment", "ws://example.org:99999"] {
        let Err(Error::Invalid(words)) = Socket::connect(url, Options::default(), |_, _| ()) else {
            panic!("{url} was taken");
        };
        assert!(!words.is_empty());
        assert!(Error::Invalid(words.clone()).to_string().contains(&words));
    }
}

#[wasm_bindgen_test]
fn subprotocols_that_can_be_none_are_an_error() {
    for protocols in [vec!["two words"], vec!["same", "same"], vec![""]] {
        let protocols = protocols.into_iter().map(String::from).collect();
        let options = Options { protocols, ..Options::default() };
        assert!(matches!(Socket::connect(&server("/echo"), options, |_, _| ()), Err(Error::Invalid(_))));
    }
}

#[wasm_bindgen_test]
async fn the_url_is_resolved_and_the_subprotocol_is_the_servers() {
    let options = Options { protocols: vec!["chat".into(), "news".into()], ..Options::default() };
    let (socket, mut heard) = connect("/a/../echo?protocol=news", options);
    assert_eq!(socket.url(), server("/echo?protocol=news"));
    assert_eq!(socket.protocol(), "");
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
    assert!(matches!(heard.any().await, Event::Close { .. }));
}

#[wasm_bindgen_test]
async fn a_close_that_no_application_may_make_is_refused_and_the_line_stays() {
    let (socket, mut heard) = connect("/echo", Options::default());
    heard.open().await;
    for code in [0, 999, 1001, 1005, 1006, 2999, 5000] {
        assert_eq!(socket.close_with(code, ""), Err(Error::CloseCode(code)));
    }
    assert_eq!(socket.close_with(1000, &"é".repeat(62)), Err(Error::CloseReason(124)));
    socket.send_text("still there").unwrap();
    assert_eq!(heard.text().await, "still there");
}
