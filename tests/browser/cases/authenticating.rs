//! What the app says on a connection before anything else is sent.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::future::pending;
use std::rc::Rc;

use undrop::{Cause, Connection, Decision, Error, Event, Fault, Message, Options, Queue, Resume, Retry, Socket, State};
use wasm_bindgen_test::wasm_bindgen_test;

use super::support::{HOUR, Heard, connect, hasty, listener, millis, pause, plain, server};

/// Sends, and waits for the echo.
async fn ask(connection: &mut Connection, text: &str) -> Result<String, Error> {
    connection.send_text(text)?;
    match connection.receive().await? {
        Message::Text(answer) => Ok(answer),
        other => panic!("no text but {other:?}"),
    }
}

/// The text of a message event.
async fn texts<const COUNT: usize>(heard: &mut Heard) -> [String; COUNT] {
    let mut texts = [const { String::new() }; COUNT];
    for text in &mut texts {
        *text = heard.text().await;
    }
    texts
}

#[wasm_bindgen_test]
async fn nothing_that_is_queued_leaves_before_the_app_has_authenticated_on_each_connection() {
    let answers = Rc::new(RefCell::new(Vec::new()));
    let options = hasty().authenticate({
        let answers = answers.clone();
        move |mut connection| {
            let answers = answers.clone();
            async move {
                for text in ["a token", "an answer"] {
                    let answer = ask(&mut connection, text).await?;
                    answers.borrow_mut().push(answer);
                }
                Ok::<_, Error>(())
            }
        }
    });
    let (socket, mut heard) = connect("/echo", options);
    socket.send_text("queued").unwrap();
    assert_eq!(socket.state(), State::Connecting);
    heard.open().await;
    assert_eq!(texts(&mut heard).await, ["queued"]);
    socket.reconnect();
    socket.send_text("sent meanwhile").unwrap();
    heard.dropped().await;
    heard.open().await;
    assert_eq!(texts(&mut heard).await, ["sent meanwhile"]);
    assert_eq!(*answers.borrow(), ["a token", "an answer", "a token", "an answer"]);
}

#[wasm_bindgen_test]
async fn an_error_is_a_failed_attempt_which_tells_it_and_what_is_queued_stays() {
    let calls = Cell::new(0);
    let decided = Rc::new(RefCell::new(Vec::new()));
    let retry = Retry::default().first(millis(20)).decide({
        let decided = decided.clone();
        move |dropped| {
            decided.borrow_mut().push((dropped.cause, dropped.reason.clone()));
            Decision::Default
        }
    });
    let options = Options::default().retry(retry).authenticate(move |mut connection| {
        calls.set(calls.get() + 1);
        let is_first = calls.get() == 1;
        async move {
            let answer = ask(&mut connection, "a token").await.map_err(|error| error.to_string())?;
            if is_first { Err(format!("{answer} that has expired")) } else { Ok(()) }
        }
    });
    let (socket, mut heard) = connect("/echo", options);
    socket.send_text("queued").unwrap();
    let dropped = heard.dropped().await;
    assert_eq!((dropped.cause, dropped.code, dropped.attempt), (Cause::Authenticate, 1006, 2));
    assert_eq!((dropped.reason.as_str(), socket.buffered_amount()), ("a token that has expired", 6));
    heard.open().await;
    assert_eq!(heard.text().await, "queued");
    assert_eq!(*decided.borrow(), [(Cause::Authenticate, "a token that has expired".into())]);
    assert_eq!(socket.stats().drops(Cause::Authenticate), 1);
}

#[wasm_bindgen_test]
async fn a_decision_by_the_error_ends_it_and_the_close_tells_it() {
    let retry = Retry::default().decide(|dropped| match dropped.cause {
        Cause::Authenticate if dropped.reason == "refused" => Decision::GiveUp,
        _ => Decision::Default,
    });
    let options = Options::default().retry(retry).authenticate(|_| async { Err("refused") });
    let (_socket, mut heard) = connect("/echo", options);
    assert_eq!(heard.next().await, Event::Error(Fault::Authenticate("refused".into())));
    let closed = heard.closed().await;
    assert_eq!((closed.reason.as_str(), closed.cause), ("refused", Some(Cause::Authenticate)));
}

#[wasm_bindgen_test]
async fn the_error_of_an_attempt_is_not_told_of_the_next_one() {
    let retry = Retry::default().first(millis(1)).limit(2);
    let options = Options::default().retry(retry).authenticate({
        let calls = Cell::new(0);
        move |mut connection| {
            calls.set(calls.get() + 1);
            let is_first = calls.get() == 1;
            async move {
                if is_first {
                    return Err("refused".to_string());
                }
                // The server closes after one message.
                ask(&mut connection, "a token").await.map(drop).map_err(|error| error.to_string())
            }
        }
    });
    let (_socket, mut heard) = connect("/close?code=4000&after=1&reason=expired", options);
    assert_eq!(heard.dropped().await.reason, "refused");
    let closed = heard.closed().await;
    assert_eq!((closed.reason.as_str(), closed.cause), ("expired", Some(Cause::Close)));
}

#[wasm_bindgen_test]
async fn a_connection_that_closes_meanwhile_keeps_what_is_queued_and_drops_the_future() {
    let held = Rc::new(());
    let options = Options::default().retry(Retry::default().first(HOUR).cap(HOUR)).authenticate({
        let held = held.clone();
        move |mut connection| {
            let held = held.clone();
            async move {
                let answer = connection.receive().await.map(drop);
                drop(held);
                answer
            }
        }
    });
    let (socket, mut heard) = connect("/close?code=4000&reason=expired", options);
    socket.send_text("queued").unwrap();
    let dropped = heard.dropped().await;
    assert_eq!((dropped.cause, dropped.code, dropped.reason.as_str()), (Cause::Close, 4000, "expired"));
    assert_eq!(socket.buffered_amount(), 6);
    assert_eq!(Rc::strong_count(&held), 2, "the function is kept, for the next attempt");
}

#[wasm_bindgen_test]
async fn a_connection_that_is_over_sends_and_receives_nothing_more() {
    let kept = Rc::new(RefCell::new(None));
    let options = hasty().authenticate({
        let kept = kept.clone();
        move |connection| {
            kept.replace(Some(connection));
            async { Ok::<_, Infallible>(()) }
        }
    });
    let (_socket, mut heard) = connect("/echo", options);
    heard.open().await;
    let mut connection = kept.take().unwrap();
    assert_eq!(connection.send_text("too late"), Err(Error::NotAuthenticating));
    assert_eq!(connection.send_bytes(&[1]), Err(Error::NotAuthenticating));
    assert_eq!(connection.receive().await, Err(Error::NotAuthenticating));
    assert_eq!(heard.rest().await, []);
}

#[wasm_bindgen_test]
async fn what_the_function_does_not_receive_is_told_after_open() {
    let options = hasty().authenticate(|mut connection| async move {
        let first = connection.receive().await?;
        pause().await;
        assert_eq!(first, Message::Text("0".into()));
        Ok::<_, Error>(())
    });
    let (socket, mut heard) = connect("/push?count=3&size=1", options);
    heard.open().await;
    assert_eq!(texts(&mut heard).await, ["1", "2"]);
    assert_eq!(socket.stats().messages_in, 2);
}

#[wasm_bindgen_test]
async fn a_function_that_never_returns_is_ended_by_the_time_limit() {
    let retry = Retry::default().decide(|_| Decision::GiveUp);
    let options = Options::default()
        .retry(retry)
        .connect_timeout(millis(500))
        .authenticate(|_| pending::<Result<(), Infallible>>());
    let (_socket, mut heard) = connect("/echo", options);
    assert_eq!(heard.closed().await.cause, Some(Cause::Timeout));
}

#[wasm_bindgen_test]
async fn without_a_queue_nothing_can_be_sent_while_the_app_authenticates() {
    let options = plain().authenticate(|mut connection| async move { ask(&mut connection, "a token").await.map(drop) });
    let (socket, mut heard) = connect("/echo", options);
    assert_eq!(socket.send_text("too early"), Err(Error::NotOpen));
    heard.open().await;
    assert_eq!(socket.send_text("now"), Ok(()));
    assert_eq!(heard.text().await, "now");
}

#[wasm_bindgen_test]
fn a_session_excludes_it() {
    let options = Options::default().resume(Resume::default()).authenticate(|_| async { Ok::<_, Infallible>(()) });
    match Socket::connect(&server("/session"), options, |_, _| ()) {
        Err(Error::Options(advice)) => assert!(advice.contains("have the URL carry the token"), "{advice}"),
        other => panic!("{other:?}"),
    }
}

#[wasm_bindgen_test]
async fn nothing_that_authenticates_outlives_the_socket() {
    let held = Rc::new(());
    let options = Options::default().queue(Queue::default()).authenticate({
        let held = held.clone();
        move |connection| {
            let held = held.clone();
            async move {
                let answer = pending::<Result<(), Infallible>>().await;
                drop((held, connection));
                answer
            }
        }
    });
    let (listener, mut heard) = listener();
    let socket = Socket::connect(&server("/echo"), options, listener).unwrap();
    // The function is at work.
    pause().await;
    drop(socket);
    assert_eq!(Rc::strong_count(&held), 1);
    assert!(heard.is_gone().await);
}
