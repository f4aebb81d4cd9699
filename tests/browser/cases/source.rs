//! The URL and the subprotocols from an async function.

use std::cell::Cell;
use std::convert::Infallible;
use std::future::{pending, ready};
use std::rc::{Rc, Weak};

use undrop::{Cause, Decision, Endpoint, Event, Fault, Options, Retry, Socket, State};
use wasm_bindgen_test::wasm_bindgen_test;

use super::support::{Heard, Place, hasty, listener, millis, pause, resuming, server};

/// Connects where this answers, which is given the number of the call.
fn connect_with<E: Into<Endpoint> + 'static>(
    options: Options,
    find: impl Fn(u32) -> Result<E, String> + 'static,
) -> (Socket, Heard) {
    let (listener, heard) = listener();
    let calls = Cell::new(0);
    let find = move || {
        calls.set(calls.get() + 1);
        let found = find(calls.get());
        async {
            pause().await;
            found
        }
    };
    (Socket::connect_with(find, options, listener).unwrap(), heard)
}

#[wasm_bindgen_test]
async fn each_attempt_connects_where_the_function_says() {
    let (socket, mut heard) = connect_with(hasty().protocols(["chat"]), |call| {
        Ok(Endpoint::from(server(&format!("/echo?protocol=news&call={call}"))).protocols(["news"]))
    });
    assert_eq!((socket.state(), socket.url()), (State::Connecting, String::new()));
    socket.send_text("queued").unwrap();
    heard.open().await;
    assert_eq!((socket.url(), socket.protocol()), (server("/echo?protocol=news&call=1"), "news".into()));
    assert_eq!(heard.text().await, "queued");
    socket.reconnect();
    heard.dropped().await;
    heard.open().await;
    assert_eq!(socket.url(), server("/echo?protocol=news&call=2"));
}

#[wasm_bindgen_test]
async fn a_url_alone_goes_with_the_subprotocols_of_the_options() {
    let (socket, mut heard) = connect_with(hasty().protocols(["chat"]), |_| Ok(server("/echo?protocol=chat")));
    heard.open().await;
    assert_eq!(socket.protocol(), "chat");
}

#[wasm_bindgen_test]
async fn a_function_that_fails_is_a_failed_attempt_which_tells_the_error() {
    let (socket, mut heard) =
        connect_with(hasty(), |call| if call == 1 { Err("no token".into()) } else { Ok(server("/echo")) });
    let dropped = heard.dropped().await;
    assert_eq!((dropped.cause, dropped.code, dropped.attempt), (Cause::Url, 1006, 2));
    assert_eq!(dropped.reason, "no token");
    heard.open().await;
    assert_eq!(socket.stats().drops(Cause::Url), 1);
}

#[wasm_bindgen_test]
async fn the_error_of_the_last_attempt_is_told_at_the_end() {
    let options = hasty().retry(Retry::default().limit(1));
    let (_socket, mut heard) = connect_with::<String>(options, |_| Err("no token".into()));
    assert_eq!(heard.next().await, Event::Error(Fault::Url("no token".into())));
    let closed = heard.closed().await;
    assert_eq!((closed.code, closed.reason.as_str(), closed.cause), (1006, "no token", Some(Cause::Url)));
}

#[wasm_bindgen_test]
async fn a_url_that_the_browser_does_not_accept_is_a_failed_attempt_in_the_browsers_words() {
    let (_socket, mut heard) =
        connect_with(hasty(), |call| Ok(if call == 1 { "ftp://example.org/".into() } else { server("/echo") }));
    let dropped = heard.dropped().await;
    assert_eq!(dropped.cause, Cause::Url);
    assert!(!dropped.reason.is_empty());
    heard.open().await;
}

#[wasm_bindgen_test]
async fn a_search_that_takes_too_long_is_dropped() {
    let (listener, mut heard) = listener();
    let held = Rc::new(());
    let find = {
        let held = held.clone();
        move || {
            let held = held.clone();
            async move {
                let answer = pending::<Result<String, Infallible>>().await;
                drop(held);
                answer
            }
        }
    };
    let retry = Retry::default().decide(|_| Decision::GiveUp);
    let options = Options::default().retry(retry).connect_timeout(millis(50));
    let _socket = Socket::connect_with(find, options, listener).unwrap();
    let closed = heard.closed().await;
    assert_eq!((closed.cause, closed.reason.as_str()), (Some(Cause::Timeout), ""));
    assert_eq!(Rc::strong_count(&held), 2, "the function is kept, for a reconnect");
}

#[wasm_bindgen_test]
async fn an_answer_that_comes_too_late_changes_nothing() {
    let (listener, mut heard) = listener();
    let (answer, answered) = futures_channel::oneshot::channel();
    let answered = Cell::new(Some(answered));
    let find = move || {
        let answered = answered.take();
        async move {
            match answered {
                Some(answered) => answered.await.map_err(|_| "never"),
                None => Ok(server("/echo")),
            }
        }
    };
    let socket = Socket::connect_with(find, hasty(), listener).unwrap();
    pause().await;
    socket.close();
    heard.closed().await;
    socket.reconnect();
    heard.open().await;
    assert!(answer.send(server("/close?code=4400")).is_err(), "nobody waits for it");
    assert_eq!(heard.rest().await, []);
    assert_eq!(socket.stats().attempts, 2);
}

#[wasm_bindgen_test]
async fn a_session_asks_the_function_too() {
    let (socket, mut heard) = connect_with(resuming(), |call| Ok(server(&format!("/session?spread=1&call={call}"))));
    heard.open().await;
    socket.reconnect();
    heard.resumed().await;
    assert_eq!(socket.url(), server("/session?spread=1&call=2"));
}

#[wasm_bindgen_test]
async fn nothing_that_the_app_gave_outlives_the_socket() {
    let held = Rc::new(());
    let hold = |what: &Rc<()>| {
        let held = what.clone();
        move || drop(held.clone())
    };
    let (mut tell, mut heard) = listener();
    let find = {
        let (never_called, held) = (hold(&held), held.clone());
        move || {
            let (held, search) = (held.clone(), pending::<Result<String, Infallible>>());
            let _ = &never_called;
            async move {
                let answer = search.await;
                drop(held);
                answer
            }
        }
    };
    let decide = hold(&held);
    let retry = Retry::default().decide(move |_| {
        decide();
        Decision::Default
    });
    let listens = hold(&held);
    let socket = Socket::connect_with(find, Options::default().retry(retry), move |socket, event| {
        listens();
        tell(socket, event);
    })
    .unwrap();
    // The search is under way.
    pause().await;
    drop(socket);
    assert_eq!(Rc::strong_count(&held), 1);
    assert!(heard.is_gone().await);
}

#[wasm_bindgen_test]
async fn functions_that_hold_the_socket_weakly_do_not_keep_it_alive() {
    let (mut tell, mut heard) = listener();
    let socket = Rc::new_cyclic(|socket: &Weak<Socket>| {
        let [found, decided, listened] = [socket.clone(), socket.clone(), socket.clone()];
        let find = move || {
            let socket = found.clone();
            async move {
                pending::<()>().await;
                socket.upgrade().map(|socket| socket.url()).ok_or("no socket")
            }
        };
        let retry = Retry::default()
            .decide(move |_| if decided.upgrade().is_some() { Decision::Retry } else { Decision::GiveUp });
        Socket::connect_with(find, Options::default().retry(retry), move |socket, event| {
            let _ = listened.upgrade();
            tell(socket, event);
        })
        .unwrap()
    });
    pause().await;
    let weak = Rc::downgrade(&socket);
    drop(socket);
    assert!(heard.is_gone().await);
    assert!(weak.upgrade().is_none());
}

#[wasm_bindgen_test]
async fn the_function_may_drop_the_socket() {
    let place = Place::default();
    let emptied = place.clone();
    let (listener, mut heard) = listener();
    let find = move || {
        drop(emptied.take());
        ready(Ok::<_, Infallible>(server("/echo")))
    };
    place.replace(Some(Socket::connect_with(find, hasty(), listener).unwrap()));
    assert!(heard.is_gone().await);
}
