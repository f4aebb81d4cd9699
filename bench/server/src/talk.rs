//! The protocol of the benchmark. Each message is echoed, except these commands, which are JSON with a `type`:
//!
//! - `"flood"`, with `data` `{ count, size, binary }`: so many messages of so many bytes;
//! - `"count"`, with `data` `{ every }`: the next so many messages are not echoed, and the last of them is answered;
//! - `"close"`: the server closes.

use serde_json::{Value, json};
use undrop_server::Message;

/// The state of one connection.
#[derive(Default)]
pub struct Talk {
    /// How many of the next messages are not echoed.
    silent: u64,
}

/// What to do about a message.
pub enum Answer {
    Nothing,
    Echo,
    /// Send this message so many times.
    Send(Message, usize),
    Close,
}

impl Talk {
    /// Handles a message. `text`: its text, unless it is binary.
    pub fn handle(&mut self, text: Option<&str>) -> Answer {
        if let Some(answer) = text.and_then(|text| self.command(text)) {
            return answer;
        }
        if self.silent == 0 {
            return Answer::Echo;
        }
        self.silent -= 1;
        if self.silent == 0 { Answer::Send(tick(0), 1) } else { Answer::Nothing }
    }

    fn command(&mut self, text: &str) -> Option<Answer> {
        // Few messages are commands, and parsing each message would slow the benchmark down.
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
                Some(Answer::Send(message, count))
            }
            "count" => {
                self.silent = number("every")?;
                Some(Answer::Nothing)
            }
            "close" => Some(Answer::Close),
            _ => None,
        }
    }
}

const COMMANDS: [&str; 3] = [r#""type":"flood""#, r#""type":"count""#, r#""type":"close""#];
const LONGEST_COMMAND: usize = 200;

/// The largest message that is made.
const MOST: usize = 1 << 24;

/// A message as of a chat, filled up to so many bytes.
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

    fn sent(answer: Answer) -> (String, usize) {
        match answer {
            Answer::Send(Message::Text(text), count) => (text.to_string(), count),
            _ => panic!("no text"),
        }
    }

    #[test]
    fn a_message_is_as_long_as_asked() {
        let flood = r#"{"type":"flood","data":{"count":3,"size":100,"binary":false}}"#;
        let (text, count) = sent(Talk::default().handle(Some(flood)));
        assert_eq!((text.len(), count), (100, 3));
    }

    #[test]
    fn what_is_no_command_is_echoed() {
        for text in ["", "{\"type\":\"tick\"}", "{\"type\":\"flood\"}", "{\"type\":\"count\",\"data\":{\"every\":-1}}"]
        {
            assert!(matches!(Talk::default().handle(Some(text)), Answer::Echo));
        }
        assert!(matches!(Talk::default().handle(None), Answer::Echo));
    }

    #[test]
    fn counted_messages_are_answered_once() {
        let mut talk = Talk::default();
        let silent = |answer| matches!(answer, Answer::Nothing);
        assert!(silent(talk.handle(Some(r#"{"type":"count","data":{"every":2}}"#))));
        assert!(silent(talk.handle(Some("one"))));
        assert!(matches!(talk.handle(None), Answer::Send(_, 1)));
        assert!(matches!(talk.handle(Some("three")), Answer::Echo));
    }
}
