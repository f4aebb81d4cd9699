//! The peer's requests are answered. The test server echoes the request that it is sent, and then the answer.

use std::cell::Cell;
use std::future::{pending, ready};
use std::rc::Rc;

use futures_channel::oneshot::channel;
use serde_json::json;
use undrop::{Closed, Error, Event, Reason};
use wasm_bindgen_test::wasm_bindgen_test;

use super::support::{connect, hasty, tell};

#[wasm_bindgen_test]
async fn a_request_is_answered_with_its_id() {
    let (socket, mut heard) = connect("/echo", hasty());
    heard.open().await;
    let _sum = socket
        .handle("sum", |_, numbers: Vec<f64>| async move { Ok::<_, String>(numbers.iter().sum::<f64>()) })
        .unwrap();
    socket.send_text(r#"{"type":"sum","data":[1,2,4],"id":7}"#).unwrap();
    assert_eq!(heard.text().await, r#"{"type":"reply","data":7,"id":7}"#);
    socket.send_text(r#"{"type":"sum","data":[0.5],"id":"a name"}"#).unwrap();
    assert_eq!(heard.text().await, r#"{"type":"reply","data":0.5,"id":"a name"}"#);
}

#[wasm_bindgen_test]
async fn an_answer_may_take_its_time() {
    let (socket, mut heard) = connect("/echo", hasty());
    heard.open().await;
    let (answer, answered) = channel::<u32>();
    let answered = Rc::new(Cell::new(Some(answered)));
    let _slow = socket
        .handle("slow", move |_, (): ()| {
            let answered = answered.take();
            async move {
                match answered {
                    Some(answered) => answered.await,
                    None => Ok(0),
                }
            }
        })
        .unwrap();
    socket.send_text(r#"{"type":"slow","id":1}"#).unwrap();
    socket.send_text(r#"{"type":"slow","id":2}"#).unwrap();
    assert_eq!(heard.text().await, r#"{"type":"reply","data":0,"id":2}"#);
    answer.send(1).unwrap();
    assert_eq!(heard.text().await, r#"{"type":"reply","data":1,"id":1}"#);
}

#[wasm_bindgen_test]
async fn a_failure_is_an_error_reply() {
    let (socket, mut heard) = connect("/echo", hasty());
    heard.open().await;
    let _no = socket.handle("no", |_, (): ()| ready(Err::<(), _>("I won't"))).unwrap();
    let _big = socket.handle("big", |_, (): ()| ready(Ok::<_, String>(u64::MAX))).unwrap();
    socket.send_text(r#"{"type":"no","id":1}"#).unwrap();
    assert_eq!(heard.text().await, r#"{"type":"error","data":{"message":"I won't"},"id":1}"#);
    socket.send_text(r#"{"type":"big","id":2}"#).unwrap();
    assert!(heard.text().await.starts_with(r#"{"type":"error","data":{"message":"#));
}

#[wasm_bindgen_test]
async fn a_request_of_another_shape_is_invalid_and_answered_with_an_error() {
    let (socket, mut heard) = connect("/echo", hasty());
    heard.open().await;
    let _number = socket.handle("number", |_, number: u32| ready(Ok::<_, String>(number))).unwrap();
    let request = json!({ "type": "number", "data": "one", "id": 1 }).to_string();
    socket.send_text(&request).unwrap();
    let (reason, text) = heard.invalid().await;
    assert!(matches!(reason, Reason::Data { message_type, .. } if message_type == "number"));
    assert_eq!(text, request);
    assert!(heard.text().await.starts_with(r#"{"type":"error","data":{"message":"invalid type: string"#));
}

#[wasm_bindgen_test]
async fn a_type_has_one_answer() {
    let (socket, mut heard) = connect("/echo", hasty());
    heard.open().await;
    let first = socket.handle("who", |_, (): ()| ready(Ok::<_, String>("first"))).unwrap();
    let second = socket.handle("who", |_, (): ()| ready(Ok::<_, String>("second")));
    assert_eq!(second.err(), Some(Error::Handled("who".into())));
    drop(first);
    let _third = socket.handle("who", |_, (): ()| ready(Ok::<_, String>("third"))).unwrap();
    socket.send_text(r#"{"type":"who","id":1}"#).unwrap();
    assert_eq!(heard.text().await, r#"{"type":"reply","data":"third","id":1}"#);
}

#[wasm_bindgen_test]
async fn a_dropped_handle_is_not_called_again() {
    let (socket, mut heard) = connect("/echo", hasty());
    heard.open().await;
    let held = Rc::new(());
    let answer = socket
        .handle("who", {
            let held = held.clone();
            move |_, (): ()| {
                let _held = held.clone();
                ready(Ok::<_, String>(()))
            }
        })
        .unwrap();
    drop(answer);
    assert_eq!(Rc::strong_count(&held), 1);
    socket.send_text(r#"{"type":"who","id":1}"#).unwrap();
    assert_eq!(heard.text().await, r#"{"type":"who","id":1}"#);
}

#[wasm_bindgen_test]
async fn handlers_hear_a_request_too_and_a_message_without_id_is_none() {
    let (socket, mut heard) = connect("/echo", hasty());
    heard.open().await;
    let (told, mut came) = tell();
    let _asked = socket.on::<u32>("asked", move |_, data| told(data));
    let _answer = socket.handle("asked", |_, number: u32| ready(Ok::<_, String>(number))).unwrap();
    socket.emit("asked", &1).unwrap();
    socket.send_text(r#"{"type":"asked","data":2,"id":2}"#).unwrap();
    assert_eq!((came.next().await, came.next().await), (1, 2));
    assert_eq!(heard.text().await, r#"{"type":"reply","data":2,"id":2}"#);
}

#[wasm_bindgen_test]
async fn an_answer_goes_to_the_connection_of_its_request_or_to_none() {
    let (socket, mut heard) = connect("/echo", hasty());
    heard.open().await;
    let (answer, answered) = channel::<u32>();
    let answered = Cell::new(Some(answered));
    let (told, mut asked) = tell();
    let _slow = socket
        .handle("slow", move |_, (): ()| {
            told(());
            let answered = answered.take();
            async move { answered.unwrap().await }
        })
        .unwrap();
    socket.send_text(r#"{"type":"slow","id":1}"#).unwrap();
    asked.next().await;
    socket.reconnect();
    heard.dropped().await;
    heard.open().await;
    answer.send(1).unwrap();
    assert_eq!(heard.rest().await, []);
    assert_eq!(socket.stats().messages_out, 1);
}

#[wasm_bindgen_test]
async fn an_answer_that_is_under_way_goes_no_further_when_the_socket_is_dropped() {
    let (socket, mut heard) = connect("/echo", hasty());
    heard.open().await;
    let (answer, answered) = channel::<u32>();
    let answered = Cell::new(Some(answered));
    let (told, mut steps) = tell();
    socket
        .handle("slow", move |_, (): ()| {
            let (answered, told) = (answered.take(), told.clone());
            async move {
                told("asked");
                let number = answered.unwrap().await;
                told("never");
                number
            }
        })
        .unwrap()
        .forget();
    socket.send_text(r#"{"type":"slow","id":1}"#).unwrap();
    assert_eq!(steps.next().await, "asked");
    drop(socket);
    answer.send(1).unwrap();
    assert!(steps.is_gone().await);
}

#[wasm_bindgen_test]
async fn an_answer_may_close_the_socket() {
    let (socket, mut heard) = connect("/echo", hasty());
    heard.open().await;
    let _close = socket
        .handle("close", |socket, (): ()| {
            socket.close();
            pending::<Result<(), String>>()
        })
        .unwrap();
    socket.send_text(r#"{"type":"close","id":1}"#).unwrap();
    assert!(matches!(heard.next().await, Event::Close(Closed { clean: true, .. })));
}
