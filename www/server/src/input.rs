//! The input of people and pages, parsed. A value of one of these types is valid.

use serde::Serialize;

use crate::refusal::Refusal;

/// The most characters of a name.
pub const LONGEST_NAME: usize = 40;
/// The most characters of one message.
pub const LONGEST_TEXT: usize = 4_000;
/// The most characters of a file's name.
const LONGEST_FILE_NAME: usize = 120;

/// The name of a member: trimmed, visible characters on one line, not longer than [`LONGEST_NAME`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Name(String);

/// The text of a message: not blank, not longer than [`LONGEST_TEXT`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Text(String);

/// The name of a room as in its address: lower-case letters, digits and hyphens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct RoomName(String);

/// The random identity that a page has drawn for its tab or for one of its messages. Nobody else can guess it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key(String);

/// The name of a file, without a folder.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FileName(String);

/// A media type, as `image/png`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MediaType(String);

impl Name {
    pub fn parse(name: &str) -> Result<Self, Refusal> {
        let name = name.trim();
        if name.is_empty() {
            return Err(Refusal::new("name-empty", "a name needs at least one letter"));
        }
        if longer(name, LONGEST_NAME) {
            return Err(Refusal::new("name-long", format!("a name has at most {LONGEST_NAME} characters")));
        }
        if name.contains(|letter: char| letter.is_control() || turns_text(letter)) {
            return Err(Refusal::new("name-invisible", "a name is made of visible characters"));
        }
        Ok(Self(name.into()))
    }

    /// This name with a number that distinguishes it: `Ada 2`, `Ada 3`.
    pub fn numbered(&self, number: usize) -> Self {
        let suffix = format!(" {number}");
        let kept = LONGEST_NAME.saturating_sub(suffix.len());
        Self(self.0.chars().take(kept).chain(suffix.chars()).collect())
    }

    /// Whether people would confuse the two names.
    pub fn resembles(&self, other: &Self) -> bool {
        self.0.to_lowercase() == other.0.to_lowercase()
    }
}

impl Text {
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Refusal::new("text-empty", "there is nothing in this message"));
        }
        if longer(text, LONGEST_TEXT) {
            return Err(Refusal::new("text-long", format!("a message has at most {LONGEST_TEXT} characters")));
        }
        Ok(Self(text.into()))
    }
}

impl RoomName {
    pub fn parse(name: &str) -> Option<Self> {
        let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
        ((1..=LONGEST_NAME).contains(&name.len()) && name.chars().all(plain)).then(|| Self(name.into()))
    }
}

impl Key {
    pub fn parse(key: &str) -> Option<Self> {
        let plain = |letter: char| letter.is_ascii_hexdigit() || letter == '-';
        ((16..=40).contains(&key.len()) && key.chars().all(plain)).then(|| Self(key.into()))
    }
}

impl FileName {
    pub fn parse(name: &str) -> Option<Self> {
        let name = name.trim();
        let bad = |letter: char| letter.is_control() || turns_text(letter) || matches!(letter, '/' | '\\');
        (!name.is_empty() && !longer(name, LONGEST_FILE_NAME) && !name.contains(bad)).then(|| Self(name.into()))
    }
}

impl MediaType {
    /// Parses a media type. A malformed one becomes `application/octet-stream`.
    pub fn parse(text: &str) -> Self {
        let token = |part: &str| {
            !part.is_empty() && part.chars().all(|letter| letter.is_ascii_alphanumeric() || "-+._".contains(letter))
        };
        let valid = text.len() <= 100 && text.split_once('/').is_some_and(|(kind, name)| token(kind) && token(name));
        Self(if valid { text } else { "application/octet-stream" }.into())
    }
}

fn longer(text: &str, most: usize) -> bool {
    text.chars().nth(most).is_some()
}

/// The marks that reorder or hide what follows them, with which one name can be made to look like another
/// (Unicode TR 36, 2.5) or the text around it can be reordered.
fn turns_text(letter: char) -> bool {
    matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_numbered_name_is_no_longer_than_any_other() {
        let long = Name::parse(&"x".repeat(LONGEST_NAME)).unwrap().numbered(12);
        assert_eq!(long.0.chars().count(), LONGEST_NAME);
        assert!(long.0.ends_with("x 12"));
    }

    #[test]
    fn a_room_is_named_as_an_address_is() {
        for good in ["lobby", "a", "room-2", &"x".repeat(40)] {
            assert!(RoomName::parse(good).is_some(), "{good}");
        }
        for bad in ["", "Lobby", "a b", "../lobby", "a/b", "é", "%2e", &"x".repeat(41)] {
            assert!(RoomName::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_file_has_a_name_without_folders_and_a_type_that_can_be_one() {
        assert!(FileName::parse(" a photo (2).png ").is_some());
        for bad in ["", "a/b", "a\\b", "a\nb", "evil\u{202e}gnp.exe", &"x".repeat(121)] {
            assert!(FileName::parse(bad).is_none(), "{bad}");
        }
        assert_eq!(MediaType::parse("image/svg+xml").0, "image/svg+xml");
        for bad in ["", "image", "a/b/c", "text/html; charset=x", "/x", "x/"] {
            assert_eq!(MediaType::parse(bad).0, "application/octet-stream", "{bad}");
        }
    }
}
