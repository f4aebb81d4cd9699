//! The envelope is the server's choice.

use serde_json::{Value, json};
use undrop::{Envelope, Error, Reason, Socket};
use wasm_bindgen_test::wasm_bindgen_test;

use super::support::{connect, hasty, server, tell};

#[wasm_bindgen_test]
async fn messages_are_written_in_the_envelope() {
    let kinds = [
        (Envelope::nested("event", "payload", "ref"), r#"{"event":"say","payload":{"text":"hi"}}"#),
        (Envelope::nested("", "constructor", "toString"), r#"{"":"say","constructor":{"text":"hi"}}"#),
        (Envelope::flat("event", "ref"), r#"{"text":"hi","event":"say"}"#),
        (Envelope::array(3, 4, 1), r#"[null,null,null,"say",{"text":"hi"}]"#),
        (Envelope::array(0, 2, 1), r#"["say",null,{"text":"hi"}]"#),
    ];
    for (envelope, expected) in kinds {
        let (socket, mut heard) = connect("/echo", hasty().envelope(envelope));
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
async fn replies_have_the_types_of_the_envelope() {
    let envelope = Envelope::default().reply("ok").error("failed");
    let (socket, mut heard) = connect("/echo", hasty().envelope(envelope));
    heard.open().await;
    let _answer = socket.handle("ask", |_, (): ()| async { Ok::<_, String>(1) }).unwrap();
    socket.send_text(r#"{"type":"ask","id":1}"#).unwrap();
    assert_eq!(heard.text().await, r#"{"type":"ok","data":1,"id":1}"#);
}

#[wasm_bindgen_test]
async fn data_that_does_not_fit_a_flat_message_is_refused() {
    let (socket, mut heard) = connect("/echo", hasty().envelope(Envelope::flat("type", "id")));
    heard.open().await;
    for refused in [socket.emit("list", &[1]), socket.emit("number", &1)] {
        assert!(matches!(refused, Err(Error::Serialize(_))), "{refused:?}");
    }
    let refused = socket.request::<Value>("list", &[1]).await;
    assert!(matches!(refused, Err(Error::Serialize(_))), "{refused:?}");
}

#[wasm_bindgen_test]
async fn an_object_is_no_array() {
    let (socket, mut heard) = connect("/echo", hasty().envelope(Envelope::array(0, 1, 2)));
    heard.open().await;
    let _all = socket.on_any::<Value>(|_, _, _| ());
    socket.send_text(r#"{"0":"say","1":1}"#).unwrap();
    assert!(matches!(heard.invalid().await.0, Reason::Envelope(_)));
}

#[wasm_bindgen_test]
fn an_invalid_envelope_is_refused_with_what_is_wrong() {
    let kinds = [
        Envelope::nested("same", "same", "id"),
        Envelope::flat("same", "same"),
        Envelope::array(1, 1, 2),
        Envelope::array(0, 1, 100),
    ];
    for envelope in kinds {
        let Err(Error::Envelope(error)) = Socket::connect(&server("/echo"), hasty().envelope(envelope), |_, _| ())
        else {
            panic!("accepted")
        };
        assert!(!error.is_empty());
    }
    let envelope = Envelope::default().error("reply");
    let refused = Socket::connect(&server("/echo"), hasty().envelope(envelope), |_, _| ());
    assert!(matches!(refused, Err(Error::Envelope(_))));
}
