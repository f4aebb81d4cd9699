//! The envelope is the server's choice.

use serde_json::{Value, json};
use undrop::{Envelope, Error, Fields, Options, Reason, Socket};
use wasm_bindgen_test::wasm_bindgen_test;

use super::user::{connect, hasty, server, tell};

fn written(fields: Fields) -> Options {
    Options { envelope: Envelope { fields, ..Envelope::default() }, ..hasty() }
}

fn nested(message_type: &str, data: &str, id: &str) -> Fields {
    Fields::Nested { message_type: message_type.into(), data: data.into(), id: id.into() }
}

fn flat(message_type: &str, id: &str) -> Fields {
    Fields::Flat { message_type: message_type.into(), id: id.into() }
}

#[wasm_bindgen_test]
async fn messages_are_written_as_the_server_has_them() {
    let kinds = [
        (nested("event", "payload", "ref"), r#"{"event":"say","payload":{"text":"hi"}}"#),
        (nested("", "constructor", "toString"), r#"{"":"say","constructor":{"text":"hi"}}"#),
        (flat("event", "ref"), r#"{"text":"hi","event":"say"}"#),
        (Fields::Array { message_type: 3, data: 4, id: 1 }, r#"[null,null,null,"say",{"text":"hi"}]"#),
        (Fields::Array { message_type: 0, data: 2, id: 1 }, r#"["say",null,{"text":"hi"}]"#),
    ];
    for (fields, expected) in kinds {
        let (socket, mut heard) = connect("/echo", written(fields));
        heard.open().await;
        socket.emit("say", &json!({ "text": "hi" })).unwrap();
        assert_eq!(heard.text().await, expected);
        let (told, mut came) = tell();
        let _said = socket.on::<Value>("say", move |_, data: Value| told(data["text"].clone()));
        socket.emit("say", &json!({ "text": "hi" })).unwrap();
        assert_eq!(came.next().await, "hi");
        let reply: Value = socket.request("ask", &json!({ "text": "why" })).await.unwrap();
        assert_eq!(reply["text"], "why");
    }
}

#[wasm_bindgen_test]
async fn replies_bear_the_types_that_the_server_has_for_them() {
    let envelope = Envelope { reply: "ok".into(), error: "failed".into(), ..Envelope::default() };
    let (socket, mut heard) = connect("/echo", Options { envelope, ..hasty() });
    heard.open().await;
    let _answer = socket.handle("ask", |_, (): ()| async { Ok::<_, String>(1) }).unwrap();
    socket.send_text(r#"{"type":"ask","id":1}"#).unwrap();
    assert_eq!(heard.text().await, r#"{"type":"ok","data":1,"id":1}"#);
}

#[wasm_bindgen_test]
async fn data_that_does_not_fit_a_flat_message_is_refused() {
    let (socket, mut heard) = connect("/echo", written(flat("type", "id")));
    heard.open().await;
    for refused in [socket.emit("list", &[1]), socket.emit("number", &1)] {
        assert!(matches!(refused, Err(Error::Serialize(_))), "{refused:?}");
    }
    let refused = socket.request::<Value>("list", &[1]).await;
    assert!(matches!(refused, Err(Error::Serialize(_))), "{refused:?}");
}

#[wasm_bindgen_test]
async fn an_object_is_no_array() {
    let (socket, mut heard) = connect("/echo", written(Fields::Array { message_type: 0, data: 1, id: 2 }));
    heard.open().await;
    let _all = socket.on_any::<Value>(|_, _, _| ());
    socket.send_text(r#"{"0":"say","1":1}"#).unwrap();
    assert!(matches!(heard.invalid().await.0, Reason::Envelope(_)));
}

#[wasm_bindgen_test]
fn what_can_be_no_envelope_is_refused_in_words() {
    let kinds = [
        nested("same", "same", "id"),
        flat("same", "same"),
        Fields::Array { message_type: 1, data: 1, id: 2 },
        Fields::Array { message_type: 0, data: 1, id: 100 },
    ];
    for fields in kinds {
        let Err(Error::Envelope(words)) = Socket::connect(&server("/echo"), written(fields), |_, _| ()) else {
            panic!("it was taken")
        };
        assert!(!words.is_empty());
    }
    let envelope = Envelope { error: "reply".into(), ..Envelope::default() };
    let refused = Socket::connect(&server("/echo"), Options { envelope, ..hasty() }, |_, _| ());
    assert!(matches!(refused, Err(Error::Envelope(_))));
}
