//! JavaScript rounds integers beyond 2^53: none arrives or leaves as another number.

use std::future::pending;

use futures_util::future::join;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use undrop::{Error, Reason};
use wasm_bindgen_test::wasm_bindgen_test;

use super::support::{connect, hasty, tell};

const LARGEST: i64 = (1 << 53) - 1;

/// Integers as a peer writes them that has 64 bits for them, or more.
const BEYOND: [&str; 6] = [
    "9007199254740992",
    "9007199254740993",
    "-9007199254740993",
    "18446744073709551615",
    "-9223372036854775808",
    "340282366920938463463374607431768211455",
];

/// Sends this data to a handler that takes a `T`, and waits until that has refused it.
async fn is_refused<T: DeserializeOwned + 'static>(data: &str) {
    let (socket, mut heard) = connect("/echo", hasty());
    heard.open().await;
    let _never = socket.on::<T>("number", |_, _| ());
    socket.send_text(&format!(r#"{{"type":"number","data":{data}}}"#)).unwrap();
    // If the handler takes the data, this is told first.
    socket.send_text(r#"{"type":"end"}"#).unwrap();
    let (reason, _) = heard.invalid().await;
    let Reason::Data { error, .. } = reason else { panic!("{reason:?}") };
    assert!(error.contains("beyond 2^53"), "{error}");
}

#[wasm_bindgen_test]
async fn an_integer_below_2_53_comes_back_as_it_was_sent() {
    let (socket, mut heard) = connect("/echo", hasty());
    heard.open().await;
    for number in [0, -1, LARGEST, -LARGEST] {
        assert_eq!(socket.request("number", &number).await, Ok(number));
        assert_eq!(socket.request("number", &json!([number])).await, Ok(json!([number])));
    }
    assert_eq!(socket.request("number", &(LARGEST as u64)).await, Ok(LARGEST as u64));
}

#[wasm_bindgen_test]
async fn an_integer_beyond_2_53_that_arrives_is_an_error_whatever_integer_reads_it() {
    for data in BEYOND {
        is_refused::<u64>(data).await;
        is_refused::<i64>(data).await;
        is_refused::<u128>(data).await;
    }
}

#[wasm_bindgen_test]
async fn an_integer_beyond_2_53_that_arrives_is_an_error_also_where_anything_is_taken() {
    #[derive(Deserialize)]
    #[serde(tag = "kind")]
    enum Tagged {
        #[expect(dead_code, reason = "it is never read")]
        Order { id: u64 },
    }
    #[derive(Deserialize)]
    struct Flattened {
        #[serde(flatten)]
        #[expect(dead_code, reason = "it is never read")]
        rest: serde_json::Map<String, Value>,
    }
    for data in BEYOND {
        is_refused::<Value>(data).await;
        is_refused::<Value>(&format!(r#"[{{"deep":[1,{data}]}}]"#)).await;
        is_refused::<Tagged>(&format!(r#"{{"kind":"Order","id":{data}}}"#)).await;
        is_refused::<Flattened>(&format!(r#"{{"id":{data}}}"#)).await;
    }
}

#[wasm_bindgen_test]
async fn an_integer_beyond_2_53_in_a_reply_is_an_error() {
    let (socket, mut heard) = connect("/echo", hasty());
    heard.open().await;
    // The request comes back, and is not taken for its reply.
    let _handled = socket.handle("ask", |_, (): ()| pending::<Result<(), Error>>()).unwrap();
    for (id, data) in (1..).zip(BEYOND) {
        let replies = async { socket.send_text(&format!(r#"{{"type":"reply","id":{id},"data":{data}}}"#)) };
        let (reply, sent) = join(socket.request::<Value>("ask", &()), replies).await;
        sent.unwrap();
        let Err(Error::Deserialize(error)) = reply else { panic!("{reply:?}") };
        assert!(error.contains("beyond 2^53"), "{error}");
    }
}

#[wasm_bindgen_test]
async fn an_integer_beyond_2_53_that_leaves_is_an_error() {
    let (socket, mut heard) = connect("/echo", hasty());
    heard.open().await;
    let beyond = LARGEST as u64 + 1;
    let refused = [
        socket.emit("number", &beyond),
        socket.emit("number", &u64::MAX),
        socket.emit("number", &i64::MIN),
        socket.emit("number", &u128::MAX),
        socket.emit("number", &json!(u64::MAX)),
        socket.emit("number", &json!({ "deep": [i64::MIN] })),
        socket.request::<Value>("number", &json!([beyond])).await.map(drop),
    ];
    for refused in refused {
        assert!(matches!(refused, Err(Error::Serialize(_))), "{refused:?}");
    }
    assert_eq!((socket.stats().messages_out, heard.rest().await), (0, vec![]));
}

#[wasm_bindgen_test]
async fn a_float_beyond_2_53_comes_back_as_it_was_sent() {
    #[derive(Debug, Deserialize, PartialEq, Serialize)]
    struct Floats {
        large: f64,
        small: f32,
        negative_zero: f64,
    }
    let (socket, mut heard) = connect("/echo", hasty());
    heard.open().await;
    for large in [9_007_199_254_740_994.0, 1.5e20, -1.7e18, f64::MAX] {
        let floats = || Floats { large, small: 1e20, negative_zero: -0.0 };
        assert_eq!(socket.request("floats", &floats()).await, Ok(floats()));
    }
    // No integer of Rust's is that large.
    assert_eq!(socket.request("any", &json!([f64::MAX, 1e300])).await, Ok(json!([f64::MAX, 1e300])));
    assert_eq!(socket.request("any", &json!([0.5, -1e-300])).await, Ok(json!([0.5, -1e-300])));
}

#[wasm_bindgen_test]
async fn a_value_takes_what_it_is_given() {
    let (told, mut came) = tell();
    let (socket, mut heard) = connect("/echo", hasty());
    heard.open().await;
    let _any = socket.on::<Value>("any", move |_, any| told(any));
    socket.send_text(r#"{"type":"any","data":{"a":[1,-1,0.5,true,null,"x",{}],"__proto__":2}}"#).unwrap();
    let expected: Value = serde_json::from_str(r#"{"a":[1,-1,0.5,true,null,"x",{}],"__proto__":2}"#).unwrap();
    assert_eq!(came.next().await, expected);
}
