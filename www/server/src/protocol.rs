//! What client and server say to each other: JSON text frames, `{ "type": …, "data": { … } }`.

use std::collections::VecDeque;

use axum::extract::ws::Utf8Bytes;
use serde::{Deserialize, Serialize};

/// The most characters of a name.
pub const LONGEST_NAME: usize = 40;
/// The most characters of one message.
pub const LONGEST_TEXT: usize = 4_000;

/// What a client may say.
#[derive(Debug, PartialEq)]
pub enum Request {
    Join(Name),
    Say(Text),
}

/// A name fit for the list of those online: trimmed, on one line, of a length that can be shown.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Name(String);

/// A message's text: not blank, not endless.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Text(String);

/// One message of the history.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Chat {
    pub from: Name,
    pub text: Text,
    /// Milliseconds since 1970.
    pub at: u64,
}

/// What the server says.
#[derive(Debug, Serialize)]
#[serde(tag = "type", content = "data", rename_all = "lowercase")]
pub enum Reply<'a> {
    /// The answer to `join`: the name as it was given, what was said before, who is there.
    Welcome {
        name: &'a Name,
        history: &'a VecDeque<Chat>,
        online: Vec<&'a Name>,
    },
    Chat(&'a Chat),
    Presence {
        online: Vec<&'a Name>,
    },
    /// The client's message was not taken. The line goes on.
    Error {
        reason: &'a str,
    },
}

impl Request {
    /// Takes a client's frame apart, or says what is wrong with it.
    pub fn parse(frame: &str) -> Result<Self, String> {
        #[derive(Deserialize)]
        #[serde(tag = "type", content = "data", rename_all = "lowercase")]
        enum Raw {
            Join { name: String },
            Say { text: String },
        }
        match serde_json::from_str(frame) {
            Ok(Raw::Join { name }) => Name::parse(&name).map(Self::Join),
            Ok(Raw::Say { text }) => Text::parse(&text).map(Self::Say),
            Err(error) => Err(format!("not a message of this chat: {error}")),
        }
    }
}

impl Name {
    pub fn parse(name: &str) -> Result<Self, String> {
        let name = name.trim();
        if name.is_empty() {
            return Err("a name needs at least one letter".into());
        }
        let length = name.chars().count();
        if length > LONGEST_NAME {
            return Err(format!("a name has at most {LONGEST_NAME} characters, this one has {length}"));
        }
        if name.contains(|letter: char| letter.is_control() || turns_text(letter)) {
            return Err("a name is made of visible characters".into());
        }
        Ok(Self(name.into()))
    }

    /// This name, told apart from others of its kind: `Ada`, `Ada 2`, `Ada 3`.
    pub fn numbered(&self, number: usize) -> Self {
        let suffix = format!(" {number}");
        let kept = LONGEST_NAME.saturating_sub(suffix.len());
        Self(self.0.chars().take(kept).chain(suffix.chars()).collect())
    }

    /// Whether people would take the two for one.
    pub fn resembles(&self, other: &Self) -> bool {
        self.0.to_lowercase() == other.0.to_lowercase()
    }
}

/// The marks that reorder or hide what follows them, with which one name can be made to look like another
/// (Unicode TR 36, 2.5) or spoil the line it stands in.
fn turns_text(letter: char) -> bool {
    matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

impl Text {
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() {
            return Err("there is nothing in this message".into());
        }
        let length = text.chars().count();
        if length > LONGEST_TEXT {
            return Err(format!("a message has at most {LONGEST_TEXT} characters, this one has {length}"));
        }
        Ok(Self(text.into()))
    }
}

impl Reply<'_> {
    /// The frame that says it.
    pub fn frame(&self) -> Utf8Bytes {
        // Strings, numbers and lists of them: there is nothing in a reply that JSON cannot say.
        serde_json::to_string(self).unwrap_or_default().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_good_message_is_understood() {
        assert_eq!(
            Request::parse(r#"{"type":"join","data":{"name":" Ada "},"id":7}"#),
            Ok(Request::Join(Name("Ada".into())))
        );
        assert_eq!(
            Request::parse(r#"{"data":{"text":"hi\nyou"},"type":"say"}"#),
            Ok(Request::Say(Text("hi\nyou".into())))
        );
    }

    #[test]
    fn a_bad_message_is_told_what_is_wrong() {
        let long = |kind: &str, field: &str, length| {
            format!(r#"{{"type":"{kind}","data":{{"{field}":"{}"}}}}"#, "ä".repeat(length))
        };
        for (frame, complaint) in [
            ("hello", "not a message"),
            ("{}", "type"),
            (r#"{"type":"shout","data":{}}"#, "shout"),
            (r#"{"type":"say"}"#, "data"),
            (r#"{"type":"say","data":{"text":5}}"#, "string"),
            (r#"{"type":"say","data":{"text":" \n"}}"#, "nothing in this message"),
            (r#"{"type":"join","data":{"name":""}}"#, "at least one letter"),
            (r#"{"type":"join","data":{"name":"a\u0007b"}}"#, "visible"),
            (r#"{"type":"join","data":{"name":"a\u202eb"}}"#, "visible"),
            (&long("join", "name", LONGEST_NAME + 1), "at most 40"),
            (&long("say", "text", LONGEST_TEXT + 1), "at most 4000"),
        ] {
            let reason = Request::parse(frame).unwrap_err();
            assert!(reason.contains(complaint), "{frame}: {reason}");
        }
        assert!(Request::parse(&long("join", "name", LONGEST_NAME)).is_ok());
        assert!(Request::parse(&long("say", "text", LONGEST_TEXT)).is_ok());
    }

    #[test]
    fn a_numbered_name_is_no_longer_than_any_other() {
        let long = Name::parse(&"x".repeat(LONGEST_NAME)).unwrap().numbered(12);
        assert_eq!(long.0.chars().count(), LONGEST_NAME);
        assert!(long.0.ends_with("x 12"));
    }

    #[test]
    fn a_reply_is_an_envelope() {
        let frame = Reply::Error { reason: "no" }.frame();
        assert_eq!(frame.as_str(), r#"{"type":"error","data":{"reason":"no"}}"#);
        let chat = Chat { from: Name("Ada".into()), text: Text("hi".into()), at: 1 };
        let frame = Reply::Chat(&chat).frame();
        assert_eq!(frame.as_str(), r#"{"type":"chat","data":{"from":"Ada","text":"hi","at":1}}"#);
    }
}
