//! The input of people and pages, parsed. A value of one of these types is valid.

use serde::Serialize;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};
use unicode_security::skeleton;

use crate::refusal::Refusal;

/// The most characters of a name.
pub const LONGEST_NAME: usize = 40;
/// The most bytes that are normalized to be a name.
const LONGEST_RAW_NAME: usize = 1 << 10;
/// The most marks on one letter of a name. More of them run into the lines above and below, and no writing needs them.
const MOST_MARKS: usize = 4;
/// A pattern of no dots. It is no white space to Unicode, but looks like it.
const BRAILLE_BLANK: char = '\u{2800}';
/// The most characters of one message.
pub const LONGEST_TEXT: usize = 4_000;
/// The most characters of a file's name.
const LONGEST_FILE_NAME: usize = 120;

/// The name of a member: visible characters on one line, normalized, not longer than [`LONGEST_NAME`].
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
    /// Normalizes a name: compatibility forms become the usual ones (NFKC), invisible characters go, one space stands between
    /// words, and at most [`MOST_MARKS`] marks on a letter.
    pub fn parse(name: &str) -> Result<Self, Refusal> {
        // Nothing that is too long to become a name is worth the work.
        if name.len() > LONGEST_RAW_NAME {
            return Err(Self::too_long());
        }
        let mut marks = 0;
        let visible = name.nfkc().filter_map(|letter| {
            if letter.is_whitespace() || letter == BRAILLE_BLANK {
                return Some(' ');
            }
            marks = if is_combining_mark(letter) { marks + 1 } else { 0 };
            (!is_invisible(letter) && marks <= MOST_MARKS).then_some(letter)
        });
        // A character that stood between two others kept them from being composed.
        let visible: String = visible.collect::<String>().nfkc().collect();
        let name = visible.split_whitespace().collect::<Vec<_>>().join(" ");
        if !name.chars().any(|letter| !is_combining_mark(letter)) {
            return Err(Refusal::new("name-empty", "a name needs at least one letter"));
        }
        if longer(&name, LONGEST_NAME) {
            return Err(Self::too_long());
        }
        Ok(Self(name))
    }

    fn too_long() -> Refusal {
        Refusal::new("name-long", format!("a name has at most {LONGEST_NAME} characters"))
    }

    /// This name with a number that distinguishes it: `Ada 2`, `Ada 3`.
    pub fn numbered(&self, number: usize) -> Self {
        let suffix = format!(" {number}");
        let kept = LONGEST_NAME.saturating_sub(suffix.len());
        Self(self.0.chars().take(kept).chain(suffix.chars()).collect())
    }

    /// Whether people would confuse the two names: they differ in case, or in characters that look the same.
    pub fn resembles(&self, other: &Self) -> bool {
        self.looks().iter().zip(other.looks()).any(|(own, its)| *own == its)
    }

    /// What the name looks like: in lower case, and with each character replaced by the one that it looks like
    /// (<https://www.unicode.org/reports/tr39/#Confusable_Detection>). `I` looks like `l` and `i` does not, so both orders count.
    fn looks(&self) -> [String; 2] {
        [skeleton(&self.0.to_lowercase()).collect(), skeleton(&self.0).collect::<String>().to_lowercase()]
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

/// Whether nothing is seen of a character, or not the same everywhere: controls, formats, and what is not assigned.
fn is_invisible(letter: char) -> bool {
    use GeneralCategory as Category;
    let is_ignorable = matches!(
        letter,
        // https://www.unicode.org/Public/UCD/latest/ucd/DerivedCoreProperties.txt, Default_Ignorable_Code_Point, as far as
        // the category does not say it.
        '\u{34f}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{e0100}'..='\u{e01ef}'
    );
    let category = letter.general_category();
    is_ignorable
        || matches!(category, Category::Control | Category::Format | Category::PrivateUse | Category::Unassigned)
}

/// The marks that reorder or hide what follows them, with which one name can be made to look like another
/// (Unicode TR 36, 2.5) or the text around it can be reordered.
fn turns_text(letter: char) -> bool {
    matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> String {
        Name::parse(name).unwrap().0
    }

    #[test]
    fn a_name_is_normalized() {
        assert_eq!(named("  Ada \t  Lovelace\n"), "Ada Lovelace");
        // Full width, a ligature, a composed letter, a no-break space, and a blank that is no space to Unicode.
        assert_eq!(named("Ａｄａ"), "Ada");
        assert_eq!(named("\u{fb01}n"), "fin");
        assert_eq!(named("e\u{301}"), "é");
        assert_eq!(named("a\u{a0}b\u{2800}c"), "a b c");
        assert_eq!(named("李 小龙"), "李 小龙");
        assert_eq!(named("👩🏽"), "👩🏽");
    }

    #[test]
    fn invisible_characters_are_no_part_of_a_name() {
        for invisible in [
            "\u{0}",
            "\u{7}",
            "\u{ad}",
            "\u{34f}",
            "\u{61c}",
            "\u{115f}",
            "\u{180e}",
            "\u{200b}",
            "\u{200d}",
            "\u{200e}",
            "\u{202e}",
            "\u{2060}",
            "\u{2066}",
            "\u{3164}",
            "\u{fe0f}",
            "\u{feff}",
            "\u{ffa0}",
            "\u{e000}",
            "\u{e0041}",
            "\u{e0100}",
            "\u{10ffff}",
        ] {
            assert_eq!(named(&format!("{invisible}A{invisible}da{invisible}")), "Ada", "{invisible:?}");
            assert_eq!(Name::parse(&invisible.repeat(3)).unwrap_err().code, "name-empty", "{invisible:?}");
        }
        assert_eq!(named("e\u{200b}\u{301}"), "é");
        for blank in ["", " ", "\u{2800}", "\u{3000}", "\u{301}", " \u{301} \u{200d}"] {
            assert_eq!(Name::parse(blank).unwrap_err().code, "name-empty", "{blank:?}");
        }
    }

    #[test]
    fn a_letter_has_few_marks_and_what_is_far_too_long_is_not_normalized() {
        assert_eq!(named(&format!("z{}!", "\u{335}".repeat(100))), format!("z{}!", "\u{335}".repeat(MOST_MARKS)));
        assert_eq!(Name::parse(&"\u{200b}".repeat(1_000)).unwrap_err().code, "name-long");
        // One character that becomes eighteen.
        assert_eq!(Name::parse(&"\u{fdfa}".repeat(3)).unwrap_err().code, "name-long");
    }

    #[test]
    fn names_that_look_the_same_resemble_each_other() {
        let resemble = |one: &str, other: &str| Name::parse(one).unwrap().resembles(&Name::parse(other).unwrap());
        for (one, other) in [
            ("Ada", "ada"),
            ("ADA", "ada"),
            // Cyrillic and Greek.
            ("Ada", "\u{410}da"),
            ("Ada", "Ad\u{430}"),
            ("ADA", "\u{391}D\u{391}"),
            ("Ada", "Ａｄａ"),
            ("Ada", "A\u{202e}da"),
            ("Paul", "PauI"),
            ("IVAN", "ivan"),
            ("Jose\u{301}", "JOSÉ"),
            ("Bo0", "BoO"),
            ("modern", "modem"),
        ] {
            assert!(resemble(one, other) && resemble(other, one), "{one} {other}");
        }
        for (one, other) in [("Ada", "Adam"), ("Jose", "José"), ("Ada 2", "Ada 3"), ("Ada 2", "Ada 12"), ("李", "王")]
        {
            assert!(!resemble(one, other), "{one} {other}");
        }
    }

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
