//! Whatever arrives: the connection stays open, the next good message arrives, and no prototype is touched.

use js_sys::{Object, Reflect};
use serde::Deserialize;
use serde_json::Value;
use undrop::{Event, Reason, State};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

use super::support::{connect, hasty, tell};

/// What a message is expected to be.
enum Expected {
    /// It is no JSON.
    Parse,
    /// It has no type.
    Envelope,
    /// Its data is refused.
    Data,
    /// Nobody waits for it.
    Text,
    /// A handler gets it.
    Handled,
}

/// A type that holds itself: reading it uses the stack.
#[derive(Deserialize)]
#[serde(untagged)]
enum Tree {
    Leaf(u32),
    Branch(Vec<Tree>),
}

impl Tree {
    fn sum(&self) -> u32 {
        match self {
            Tree::Leaf(number) => *number,
            Tree::Branch(trees) => trees.iter().map(Tree::sum).sum(),
        }
    }
}

/// Sends this, and then a good message. Handlers wait for a number of type `good`, a tree of type `tree`, and anything of
/// the types that lie on every object's prototype.
async fn arrives(texts: &[&str], expected: Expected) {
    let (socket, mut heard) = connect("/echo", hasty());
    heard.open().await;
    let (told, mut came) = tell();
    let good = {
        let told = told.clone();
        socket.on::<u32>("good", move |_, number| told(number.to_string()))
    };
    let tree = {
        let told = told.clone();
        socket.on::<Tree>("tree", move |_, tree| told(tree.sum().to_string()))
    };
    let any = {
        let told = told.clone();
        socket.on::<Value>("any", move |_, any| told(any.to_string()))
    };
    let named: Vec<_> = ["__proto__", "constructor", "hasOwnProperty"]
        .map(|name| {
            let told = told.clone();
            socket.on::<Value>(name, move |_, _| told(name.into()))
        })
        .into();
    for text in texts {
        socket.send_text(text).unwrap();
        match expected {
            Expected::Handled => drop(came.next().await),
            Expected::Text => assert_eq!(heard.text().await, *text),
            Expected::Parse | Expected::Envelope | Expected::Data => {
                let (reason, raw) = heard.invalid().await;
                let is_expected = match expected {
                    Expected::Parse => matches!(reason, Reason::Parse(_)),
                    Expected::Envelope => matches!(reason, Reason::Envelope(_)),
                    _ => matches!(reason, Reason::Data { .. }),
                };
                let start: String = text.chars().take(100).collect();
                assert!(is_expected, "{start}: {reason:?}");
                assert!(!reason.to_string().is_empty());
                assert!(raw == *text, "{start}");
            }
        }
        socket.emit("good", &1).unwrap();
        assert_eq!(came.next().await, "1");
    }
    assert_eq!(heard.rest().await, []);
    assert_eq!((socket.state(), socket.stats().opens), (State::Open, 1));
    let prototype = Object::get_prototype_of(&Object::new());
    assert_eq!(Object::keys(&prototype).length(), 0);
    assert_eq!(Reflect::get(&Object::new(), &"polluted".into()), Ok(JsValue::UNDEFINED));
    drop((good, tree, any, named));
}

#[wasm_bindgen_test]
async fn text_that_is_not_json() {
    arrives(&["", "hello", "{", "{\"type\":\"good\"", "undefined", "\u{0}", "{'type':'good'}"], Expected::Parse).await;
}

#[wasm_bindgen_test]
async fn json_that_is_no_object() {
    arrives(&["null", "1", "true", "\"good\"", "[]", "[\"good\",1]"], Expected::Envelope).await;
}

#[wasm_bindgen_test]
async fn a_type_that_is_none() {
    let texts = [
        "{}",
        r#"{"data":1}"#,
        r#"{"type":null}"#,
        r#"{"type":1}"#,
        r#"{"type":["good"],"data":1}"#,
        r#"{"type":{"toString":1}}"#,
    ];
    arrives(&texts, Expected::Envelope).await;
}

#[wasm_bindgen_test]
async fn types_that_are_names_of_an_objects_prototype() {
    arrives(
        &[
            r#"{"type":"__proto__","data":{"polluted":1}}"#,
            r#"{"type":"constructor","data":{"prototype":{"polluted":1}}}"#,
            r#"{"type":"hasOwnProperty"}"#,
            r#"{"type":"constructor","__proto__":{"polluted":1}}"#,
        ],
        Expected::Handled,
    )
    .await;
    arrives(&[r#"{"type":"toString"}"#, r#"{"type":"valueOf","data":1}"#], Expected::Text).await;
}

#[wasm_bindgen_test]
async fn a_type_of_a_megabyte() {
    arrives(&[&format!(r#"{{"type":"{}"}}"#, "é".repeat(1 << 20))], Expected::Text).await;
}

#[wasm_bindgen_test]
async fn data_nested_a_hundred_thousand_deep() {
    let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
    let (list, object) = (deep("[", "]"), deep("{\"a\":", "}"));
    for message_type in ["any", "tree", "good"] {
        let lists = format!(r#"{{"type":"{message_type}","data":{list}}}"#);
        let objects = format!(r#"{{"type":"{message_type}","data":{object}}}"#);
        arrives(&[&lists, &objects], Expected::Data).await;
    }
}

#[wasm_bindgen_test]
async fn data_nested_as_deep_as_may_be() {
    let nested = |levels| format!(r#"{{"type":"tree","data":{}1{}}}"#, "[".repeat(levels), "]".repeat(levels));
    arrives(&[&nested(128)], Expected::Handled).await;
    arrives(&[&nested(129)], Expected::Data).await;
}

#[wasm_bindgen_test]
async fn data_of_another_shape() {
    let texts = [
        r#"{"type":"good"}"#,
        r#"{"type":"good","data":null}"#,
        r#"{"type":"good","data":-1}"#,
        r#"{"type":"good","data":4294967296}"#,
        r#"{"type":"good","data":0.5}"#,
        r#"{"type":"good","data":1e400}"#,
        r#"{"type":"good","data":"1"}"#,
        r#"{"type":"good","data":{"length":1,"toString":null}}"#,
        r#"{"type":"tree","data":[[[["x"]]]]}"#,
    ];
    arrives(&texts, Expected::Data).await;
}

#[wasm_bindgen_test]
async fn replies_to_nothing() {
    arrives(
        &[
            r#"{"id":1}"#,
            r#"{"id":1,"data":1}"#,
            r#"{"type":"reply","id":1,"data":1}"#,
            r#"{"type":"reply","id":1,"data":1}"#,
            r#"{"type":"error","id":-1}"#,
            r#"{"type":"reply"}"#,
        ],
        Expected::Text,
    )
    .await;
}

#[wasm_bindgen_test]
async fn ids_of_the_wrong_kind() {
    let texts = [
        r#"{"type":"any","id":null}"#,
        r#"{"type":"any","id":{}}"#,
        r#"{"type":"any","id":[1]}"#,
        r#"{"type":"any","id":"__proto__"}"#,
        r#"{"type":"any","id":true}"#,
    ];
    arrives(&texts, Expected::Handled).await;
    arrives(&[r#"{"id":{}}"#, r#"{"id":"1"}"#], Expected::Envelope).await;
}

#[wasm_bindgen_test]
async fn the_second_reply_to_a_request() {
    let (socket, mut heard) = connect("/echo", hasty());
    heard.open().await;
    let second = r#"{"type":"ask","data":1,"id":1}"#;
    assert_eq!(socket.request::<u32>("ask", &1).await, Ok(1));
    let _all = socket.on::<u32>("good", |_, _| ());
    socket.send_text(second).unwrap();
    assert_eq!(heard.next().await, Event::Text(second.into()));
    assert_eq!(socket.request::<u32>("ask", &2).await, Ok(2));
}
