//! A message, and how it travels: as binary, as text, and as text that looks like a control frame.

use undrop_proto::wire::{self, Control, ESCAPE, Malformed};

use crate::law::{Law, Verdict};

/// A message. Its number says which one it is and what it looks like.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Message {
    pub number: u32,
    pub bytes: u32,
}

/// What a connection carries.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Frame {
    Text(String),
    Binary(u32),
}

impl Message {
    pub fn frame(self, escaped: bool) -> Frame {
        match self.text() {
            Some(text) if escaped => Frame::Text(wire::escape(&text).into_owned()),
            Some(text) => Frame::Text(text),
            None => Frame::Binary(self.number),
        }
    }

    /// Its text, if it is text: 0 to 2 escapes, and the number.
    fn text(self) -> Option<String> {
        let escapes = (self.number % 4).checked_sub(1)?;
        let mut text: String = (0..escapes).map(|_| ESCAPE).collect();
        text.push_str(&self.number.to_string());
        Some(text)
    }

    /// The number of the message with this text, if it is one that is sent.
    fn read(text: &str) -> Option<u32> {
        let number = text.trim_start_matches(ESCAPE).parse().ok()?;
        (Message { number, bytes: 0 }.text().as_deref() == Some(text)).then_some(number)
    }
}

/// What has arrived.
pub enum Arrival {
    /// The message of this number.
    Message(u32),
    Control(Result<Control, Malformed>),
}

impl Frame {
    pub fn read(&self) -> Verdict<Arrival> {
        let number = match self {
            Frame::Binary(number) => Some(*number),
            Frame::Text(text) => match wire::unescape(text) {
                Some(text) => Message::read(text),
                None => {
                    let control = Control::decode(text.encode_utf16());
                    let both = control == Control::decode(text.bytes());
                    Law::Protocol.holds(both, || format!("{text:?} is read in two ways"))?;
                    return Ok(Arrival::Control(control));
                }
            },
        };
        match number {
            Some(number) => Ok(Arrival::Message(number)),
            None => Law::I5.broken(format!("a message came that was not sent: {self:?}")),
        }
    }
}
