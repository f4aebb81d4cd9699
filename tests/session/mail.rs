//! A message, and how it travels: as binary, as text, and as text that looks like a control frame.

use undrop::core::wire::{self, ESCAPE};

/// A message. Its id says which one it is and what it looks like.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Mail {
    pub id: u32,
    pub bytes: u32,
}

/// What a line carries.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Frame {
    Text(String),
    Binary(u32),
}

impl Mail {
    pub fn frame(self, escaped: bool) -> Frame {
        match self.text() {
            Some(text) if escaped => Frame::Text(wire::escape(&text).into_owned()),
            Some(text) => Frame::Text(text),
            None => Frame::Binary(self.id),
        }
    }

    /// What it says, if it is text: 0 to 2 escapes, and the id.
    fn text(self) -> Option<String> {
        let escapes = (self.id % 4).checked_sub(1)?;
        let mut text: String = (0..escapes).map(|_| ESCAPE).collect();
        text.push_str(&self.id.to_string());
        Some(text)
    }

    /// The id of the message that has arrived, if it is one that is sent.
    pub fn read(text: &str) -> Option<u32> {
        let id = text.trim_start_matches(ESCAPE).parse().ok()?;
        (Mail { id, bytes: 0 }.text().as_deref() == Some(text)).then_some(id)
    }
}
