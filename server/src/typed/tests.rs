use super::*;

/// What the client writes and reads too: `tests/messages/shared.test.mjs` has the same.
const SHARED: &str = include_str!("../../../tests/messages/envelopes.json");

fn envelope(given: &Value) -> Envelope {
    let text = |name: &str, usual: &str| given[name].as_str().unwrap_or(usual).to_owned();
    let index = |name: &str| u8::try_from(given[name].as_u64().unwrap()).unwrap();
    let envelope = if given["data"] == false {
        Envelope::flat(text("type", "type"), text("id", "id"))
    } else if given["type"].is_u64() {
        Envelope::array(index("type"), index("data"), index("id"))
    } else {
        Envelope::nested(text("type", "type"), text("data", "data"), text("id", "id"))
    };
    envelope.reply(text("reply", "reply")).error(text("error", "error"))
}

fn json_of(message: Result<Message, TypedError>) -> Value {
    serde_json::from_str(message.unwrap().as_text().unwrap()).unwrap()
}

fn message(value: &Value) -> Message {
    Message::text(value.to_string())
}

#[test]
fn messages_requests_replies_and_errors_are_those_of_the_client() {
    let cases: Vec<Value> = serde_json::from_str(SHARED).unwrap();
    assert!(cases.len() >= 4);
    for case in cases {
        let envelope = envelope(&case["envelope"]);
        let (message_type, data) = (case["type"].as_str().unwrap(), &case["data"]);
        assert_eq!(json_of(Typed::write(&envelope, message_type, data)), case["message"]);
        assert_eq!(json_of(Typed::request(&envelope, message_type, 1, data)), case["request"]);
        let plain = message(&case["message"]);
        let plain = Typed::read(&envelope, &plain).unwrap();
        assert_eq!((plain.message_type(), plain.is_request(), plain.answers()), (message_type, false, None));
        let request = message(&case["request"]);
        let request = Typed::read(&envelope, &request).unwrap();
        assert_eq!((request.message_type(), request.is_request()), (message_type, true));
        assert_eq!(json_of(request.reply(data)), case["reply"]);
        assert_eq!(json_of(request.error("no")), case["error"]);
        for (name, is_error) in [("reply", false), ("error", true)] {
            let answer = Typed::read(&envelope, &message(&case[name])).unwrap();
            assert_eq!((answer.answers(), answer.is_error(), answer.is_request()), (Some(1), is_error, false));
        }
    }
}

#[test]
fn data_is_read_as_what_it_is_or_the_error_names_the_type() {
    let envelope = Envelope::default();
    let message = Message::text(r#"{"type":"say","data":{"text":"hi"}}"#);
    let say = Typed::read(&envelope, &message).unwrap();
    assert_eq!(say.data::<std::collections::BTreeMap<String, String>>().unwrap()["text"], "hi");
    assert!(say.data::<u32>().unwrap_err().to_string().contains("\"say\""));
    let hello = Typed::read(&envelope, &Message::text(r#"{"type":"hello"}"#)).unwrap();
    hello.data::<()>().unwrap();
    assert_eq!(hello.data::<Option<u32>>().unwrap(), None);
}

#[test]
fn what_is_no_typed_message_says_why() {
    let envelope = Envelope::default();
    let error = |message: Message| Typed::read(&envelope, &message).unwrap_err();
    assert!(matches!(error(Message::binary(vec![1])), TypedError::Binary));
    assert!(matches!(error("{".into()), TypedError::Json(_)));
    for text in ["7", "null", "[]", "{}", r#"{"type":7}"#, r#"{"type":7,"id":1}"#] {
        assert!(matches!(error(text.into()), TypedError::Envelope), "{text}");
    }
}

#[test]
fn an_integer_that_a_client_would_read_as_another_is_an_error() {
    let write = |data: Value| Typed::write(&Envelope::default(), "count", &data);
    for fine in [json!(LARGEST), json!(-9_007_199_254_740_991i64), json!(1e300)] {
        write(fine).unwrap();
    }
    for large in [json!(u64::MAX), json!([{ "deep": LARGEST + 1 }]), json!(i64::MIN)] {
        assert!(matches!(write(large), Err(TypedError::Number(_))));
    }
}

#[test]
fn the_id_of_a_request_comes_back_as_it_was() {
    let envelope = Envelope::default();
    let request = Message::text(r#"{"type":"ask","id":"x-1"}"#);
    let request = Typed::read(&envelope, &request).unwrap();
    assert!(request.is_request());
    assert_eq!(json_of(request.reply(&7)), json!({ "type": "reply", "data": 7, "id": "x-1" }));
}

#[test]
fn flat_data_has_fields() {
    assert!(matches!(Typed::write(&Envelope::flat("type", "id"), "say", &[1]), Err(TypedError::Flat)));
}
