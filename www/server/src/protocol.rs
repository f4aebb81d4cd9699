//! The protocol of the chat: JSON text frames, `{ "type": …, "data": …, "id": … }`. A message with an `id` is answered by a
//! message of the type `reply` or `error` with the same `id`. Binary frames are pieces of files (`piece.rs`).

use axum::extract::ws::Utf8Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::files::Offer;
use crate::input::{FileName, Key, MediaType, Name, Text};
use crate::refusal::Refusal;

/// What a client may ask for.
#[derive(Debug, PartialEq)]
pub enum Request {
    /// To join by this name or one like it. The reply has the history and the names of the members.
    Join(Name),
    /// To post a message. A second one with the same key is the same message.
    Say { key: Key, text: Text },
    /// To show the others that this member is writing.
    Typing,
    /// To upload a file. The reply says how much of it has arrived; the rest follows in binary frames.
    Upload(Offer),
    /// To download a file, from this offset on, in binary frames.
    Fetch { file: u32, from: u32 },
    /// To begin or end a delivery test.
    Score(Count),
    /// A numbered message of a delivery test.
    Number(u64),
    /// A heartbeat.
    Ping,
}

/// The delivery test that a tab takes part in; another run starts at 0.
#[derive(Debug, PartialEq, Clone, Copy)]
pub enum Count {
    Run(u64),
    Stop,
}

impl Request {
    /// Parses a client's frame. Returns the id to answer with, and the request.
    pub fn parse(frame: &str) -> (Option<u64>, Result<Self, Refusal>) {
        #[derive(Deserialize)]
        struct Envelope {
            id: Option<u64>,
            #[serde(flatten)]
            raw: Raw,
        }
        #[derive(Deserialize)]
        #[serde(tag = "type", content = "data", rename_all = "lowercase")]
        enum Raw {
            Join { name: String },
            Say { key: String, text: String },
            Typing {},
            Upload { key: String, name: String, kind: String, size: u32 },
            Fetch { file: u32, from: u32 },
            Score { run: Option<u64> },
            Number { number: u64 },
            Ping {},
        }
        let Envelope { id, raw } = match serde_json::from_str(frame) {
            Ok(envelope) => envelope,
            Err(error) => return (None, Err(Refusal::new("unknown", format!("not a message of this chat: {error}")))),
        };
        let key = |key: &str| Key::parse(key).ok_or(Refusal::new("unknown", "a key has 16 to 40 hexadecimal digits"));
        let request = match raw {
            Raw::Join { name } => Name::parse(&name).map(Self::Join),
            Raw::Say { key: given, text } => {
                key(&given).and_then(|key| Text::parse(&text).map(|text| Self::Say { key, text }))
            }
            Raw::Typing {} => Ok(Self::Typing),
            Raw::Upload { key: given, name, kind, size } => key(&given).and_then(|key| {
                let name = FileName::parse(&name).ok_or(Refusal::new("file-name", "a file needs a name of its own"))?;
                Offer::new(key, name, MediaType::parse(&kind), size).map(Self::Upload)
            }),
            Raw::Fetch { file, from } => Ok(Self::Fetch { file, from }),
            Raw::Score { run } => Ok(Self::Score(run.map_or(Count::Stop, Count::Run))),
            Raw::Number { number } => Ok(Self::Number(number)),
            Raw::Ping {} => Ok(Self::Ping),
        };
        (id, request)
    }

    /// The cost for the rate limit: by how many members receive the message, or how many bytes it moves.
    pub fn cost(&self) -> u32 {
        match self {
            Self::Join(_) | Self::Say { .. } | Self::Upload(_) | Self::Fetch { .. } => 10,
            Self::Typing => 3,
            Self::Score(_) | Self::Number(_) | Self::Ping => 1,
        }
    }
}

/// A frame of this type.
pub fn frame(kind: &str, data: impl Serialize) -> Utf8Bytes {
    json!({ "type": kind, "data": data }).to_string().into()
}

/// The frame that answers a request. A refusal is sent also if the request had no id.
pub fn answer(id: Option<u64>, answer: Result<Value, Refusal>) -> Option<Utf8Bytes> {
    let (kind, data) = match answer {
        Ok(data) => ("reply", data),
        Err(refusal) => ("error", json!(refusal)),
    };
    match (id, kind) {
        (Some(id), kind) => Some(json!({ "type": kind, "id": id, "data": data }).to_string().into()),
        (None, "error") => Some(frame(kind, data)),
        (None, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::{LONGEST_NAME, LONGEST_TEXT};

    #[test]
    fn a_good_message_is_understood() {
        let name = Name::parse("Ada").unwrap();
        assert_eq!(
            Request::parse(r#"{"type":"join","data":{"name":" Ada "},"id":7}"#),
            (Some(7), Ok(Request::Join(name)))
        );
        assert_eq!(Request::parse(r#"{"type":"ping","data":{}}"#), (None, Ok(Request::Ping)));
        let score = r#"{"data":{"run":3},"type":"score"}"#;
        assert_eq!(Request::parse(score).1, Ok(Request::Score(Count::Run(3))));
    }

    #[test]
    fn a_bad_message_is_refused_with_the_reason() {
        let key = "0123456789abcdef";
        let say = |text: &str| format!(r#"{{"type":"say","data":{{"key":"{key}","text":"{text}"}}}}"#);
        let join = |name: &str| format!(r#"{{"type":"join","data":{{"name":"{name}"}}}}"#);
        let upload = |name: &str, size: u64| {
            let data = json!({ "key": key, "name": name, "kind": "", "size": size });
            json!({ "type": "upload", "data": data }).to_string()
        };
        for (frame, complaint) in [
            ("hello", "not a message"),
            ("{}", "type"),
            (r#"{"type":"shout","data":{}}"#, "shout"),
            (r#"{"type":"say"}"#, "data"),
            (r#"{"type":"say","data":{"key":"x","text":"hi"}}"#, "hexadecimal"),
            (r#"{"type":"say","data":{"key":5,"text":"hi"}}"#, "string"),
            (r#"{"type":"number","data":{"number":-1}}"#, "-1"),
            (&say(" \\n"), "nothing in this message"),
            (&say(&"ä".repeat(LONGEST_TEXT + 1)), "at most 4000"),
            (&join(""), "at least one letter"),
            (&join("\\u0007\\u202e"), "at least one letter"),
            (&join(&"ä".repeat(LONGEST_NAME + 1)), "at most 40"),
            (&upload("a/b", 1), "name"),
            (&upload("a", 0), "empty"),
            (&upload("a", 9 << 20), "8 MiB"),
            (&upload("a", 1 << 40), "u32"),
        ] {
            let refusal = Request::parse(frame).1.unwrap_err();
            assert!(refusal.reason.contains(complaint), "{frame}: {refusal:?}");
        }
        assert!(Request::parse(&join(&"ä".repeat(LONGEST_NAME))).1.is_ok());
        assert!(Request::parse(&say(&"ä".repeat(LONGEST_TEXT))).1.is_ok());
    }

    #[test]
    fn an_answer_has_the_id_of_its_request() {
        let text = |frame: Option<Utf8Bytes>| frame.map(|frame| frame.as_str().to_owned());
        assert_eq!(text(answer(Some(4), Ok(json!(1)))).unwrap(), r#"{"data":1,"id":4,"type":"reply"}"#);
        assert_eq!(text(answer(None, Ok(json!(1)))), None);
        let refusal = Refusal::new("why", "because");
        let expected = r#"{"data":{"code":"why","reason":"because"},"type":"error"}"#;
        assert_eq!(text(answer(None, Err(refusal))).unwrap(), expected);
    }
}
