//! What the messages of a page ask for. Each is echoed, but for these, which are JSON with a `type`:
//!
//! - `"flood"`, with `data` `{ count, size, binary }`: so many messages of so many bytes;
//! - `"count"`, with `data` `{ every }`: the next so many messages are taken in silence, and then there is one answer;
//! - `"bye"`: the server closes.

use serde_json::{Value, json};
use undrop_server::Message;

/// One conversation.
#[derive(Default)]
pub struct Talk {
    /// How many messages are still to be taken in silence.
    silent: u64,
}

/// What to do about a message.
pub enum Answer {
    Nothing,
    Echo,
    /// Say this, and how many times.
    Say(Message, usize),
    Bye,
}

impl Talk {
    /// Hears a message, whose text this is if it is one of text.
    pub fn hear(&mut self, text: Option<&str>) -> Answer {
        if let Some(answer) = text.and_then(|text| self.obey(text)) {
            return answer;
        }
        if self.silent == 0 {
            return Answer::Echo;
        }
        self.silent -= 1;
        if self.silent == 0 { Answer::Say(tick(0), 1) } else { Answer::Nothing }
    }

    fn obey(&mut self, text: &str) -> Option<Answer> {
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
                let message = if is_binary { Message::binary(vec![7; size.min(MOST)]) } else { tick(size) };
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
    Message::text(text(filling))
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
        let flood = r#"{"type":"flood","data":{"count":3,"size":100,"binary":false}}"#;
        let (text, count) = said(Talk::default().hear(Some(flood)));
        assert_eq!((text.len(), count), (100, 3));
    }

    #[test]
    fn what_is_no_command_is_echoed() {
        for text in ["", "{\"type\":\"tick\"}", "{\"type\":\"flood\"}", "{\"type\":\"count\",\"data\":{\"every\":-1}}"]
        {
            assert!(matches!(Talk::default().hear(Some(text)), Answer::Echo));
        }
        assert!(matches!(Talk::default().hear(None), Answer::Echo));
    }

    #[test]
    fn counted_messages_are_answered_once() {
        let mut talk = Talk::default();
        let silent = |answer| matches!(answer, Answer::Nothing);
        assert!(silent(talk.hear(Some(r#"{"type":"count","data":{"every":2}}"#))));
        assert!(silent(talk.hear(Some("one"))));
        assert!(matches!(talk.hear(None), Answer::Say(_, 1)));
        assert!(matches!(talk.hear(Some("three")), Answer::Echo));
    }
}
