//! A message, and what a connection of a session carries.

use undrop_proto::wire::{self, Control, ESCAPE};

use crate::law::{Law, Verdict};

/// A message. Its number says which one of its direction it is, and what it looks like.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Message {
    pub number: u32,
    pub bytes: u32,
}

/// What a connection carries, after it was encoded and decoded.
#[derive(Clone, Copy, Debug)]
pub enum Frame {
    Message(Message),
    Control(Control),
    /// The server has closed the connection, with this code.
    Close(u16),
    /// The other end has left, or the connection is found to be lost.
    Gone,
}

impl Message {
    /// What arrives of it, if it is escaped or not: it travels as binary, as text, or as text that looks like a control frame.
    pub fn to_frame(self, escaped: bool) -> Verdict<Frame> {
        if let Some(text) = self.text() {
            let sent = if escaped { wire::escape(&text) } else { text.as_str().into() };
            let read = wire::unescape(&sent);
            Law::Protocol
                .holds(read == Some(&text), || format!("{self:?} was sent as {sent:?} and read as {read:?}"))?;
        }
        Ok(Frame::Message(self))
    }

    /// Its text, if it is text: 0 to 2 escapes, and the number.
    fn text(self) -> Option<String> {
        let escapes = (self.number % 4).checked_sub(1)?;
        let mut text: String = (0..escapes).map(|_| ESCAPE).collect();
        text.push_str(&self.number.to_string());
        Some(text)
    }
}

impl Frame {
    /// What arrives of a control frame, which is read as bytes or as UTF-16 code units.
    pub fn of(control: Control) -> Verdict<Self> {
        let text = control.to_text();
        let read = [Control::decode(text.bytes()), Control::decode(text.encode_utf16())];
        let is_it = wire::unescape(&text).is_none() && read == [Ok(control); 2];
        Law::Protocol.holds(is_it, || format!("{control:?} was sent as {text:?} and read as {read:?}"))?;
        Ok(Frame::Control(control))
    }
}
