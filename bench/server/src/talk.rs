//! What the messages of a page ask for. Each is echoed, but for these, which are JSON with a `type`:
//!
//! - `"flood"`, with `data` `{ count, size, binary }`: so many messages of so many bytes;
//! - `"count"`, with `data` `{ every }`: the next so many messages are taken in silence, and then there is one answer;
//! - `"bye"`: the server closes.

use axum::extract::ws::{Message, Utf8Bytes};
use serde_json::{Value, json};

/// One conversation.
#[derive(Default)]
pub struct Talk {
    /// How many messages are still to be taken in silence.
    silent: u64,
}

pub enum Answer {
    Nothing,
    /// A message, and how many times.
    Say(Message, usize),
    Bye,
}

impl Talk {
    pub fn hear(&mut self, message: Message) -> Answer {
        match &message {
            Message::Text(text) => {
                if let Some(answer) = self.obey(text) {
                    return answer;
                }
            }
            Message::Binary(_) => {}
            // Pings are answered below, and a close ends the stream.
            _ => return Answer::Nothing,
        }
        if self.silent == 0 {
            return Answer::Say(message, 1);
        }
        self.silent -= 1;
        if self.silent == 0 { Answer::Say(tick(0), 1) } else { Answer::Nothing }
    }

    fn obey(&mut self, text: &Utf8Bytes) -> Option<Answer> {
        // Few messages are commands, and looking into each would be felt.
        if text.len() > LONGEST_COMMAND || !COMMANDS.iter().any(|command| text.contains(command)) {
            return None;
        }
        let asked: Value = serde_json::from_str(text).ok()?;
        let number = |name: &str| asked["data"][name].as_u64();
        match asked["type"].as_str()? {
            "flood" => {
                let (count, size) = (number("count")? as usize, number("size")? as usize);
                let is_binary = asked["data"]["binary"].as_bool()?;
                let message = if is_binary { Message::Binary(vec![7; size.min(MOST)].into()) } else { tick(size) };
                Some(Answer::Say(message, count))
            }
            "count" => {
                self.silent = number("every")?;
                Some(Answer::Nothing)
            }
            "bye" => Some(Answer::Bye),
            _ => None,
        }
    }
}

const COMMANDS: [&str; 3] = [r#""type":"flood""#, r#""type":"count""#, r#""type":"bye""#];
const LONGEST_COMMAND: usize = 200;

/// The largest message that is made.
const MOST: usize = 1 << 24;

/// A message as a chat would send it, filled up to so many bytes.
pub fn tick(size: usize) -> Message {
    let text = |filling: usize| {
        json!({ "type": "tick", "data": { "n": 12_345, "from": "alice", "text": ".".repeat(filling) } }).to_string()
    };
    let filling = size.min(MOST).saturating_sub(text(0).len());
    Message::Text(text(filling).into())
}

#[cfg(test)]
#[expect(clippy::panic, reason = "a test")]
mod tests {
    use super::*;

    fn said(answer: Answer) -> (String, usize) {
        match answer {
            Answer::Say(Message::Text(text), count) => (text.to_string(), count),
            _ => panic!("no text"),
        }
    }

    #[test]
    fn a_message_is_as_long_as_asked() {
        let (text, count) = said(
            Talk::default().hear(Message::text(r#"{"type":"flood","data":{"count":3,"size":100,"binary":false}}"#)),
        );
        assert_eq!((text.len(), count), (100, 3));
    }

    #[test]
    fn what_is_no_command_is_echoed() {
        for text in ["", "{\"type\":\"tick\"}", "{\"type\":\"flood\"}", "{\"type\":\"count\",\"data\":{\"every\":-1}}"]
        {
            assert_eq!(said(Talk::default().hear(Message::text(text))), (text.to_owned(), 1));
        }
    }

    #[test]
    fn counted_messages_are_answered_once() {
        let mut talk = Talk::default();
        let silent = |answer| matches!(answer, Answer::Nothing);
        assert!(silent(talk.hear(Message::text(r#"{"type":"count","data":{"every":2}}"#))));
        assert!(silent(talk.hear(Message::text("one"))));
        assert!(matches!(talk.hear(Message::text("two")), Answer::Say(_, 1)));
        assert_eq!(said(talk.hear(Message::text("three"))).0, "three");
    }
}
