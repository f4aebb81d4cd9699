//! What two ends of a session say to each other, as it travels: the control frames of `undrop.1`, and the escape that
//! keeps them apart from the app's own text.
//!
//! Nothing is allocated to read or to write a frame, and there is one spelling of each. docs/protocol.md has the
//! grammar.

use alloc::borrow::Cow;
use alloc::string::String;
use core::fmt;

/// The subprotocol that asks for a session. `undrop.1+NAME` asks for one with the app's own subprotocol `NAME`.
pub const PROTOCOL: &str = "undrop.1";

/// A text frame that begins with it is a control frame, unless two of them begin it: U+0010, data link escape.
pub const ESCAPE: char = '\u{10}';

/// A count on the wire is less than 2^53, so that a double holds it.
pub const MAX_COUNT: u64 = (1 << 53) - 1;

/// A frame of the protocol's own.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Control {
    /// The guest asks for a fresh session.
    New,
    /// The guest asks for the session that it had.
    Resume {
        /// Which.
        token: Token,
        /// How many messages it has taken.
        received: u64,
    },
    /// A fresh session begins, asked for or not.
    Welcome(Welcome),
    /// The session goes on.
    Resumed {
        /// How many messages the host has taken.
        received: u64,
    },
    /// So many messages have been taken since the session began.
    Ack {
        /// How many.
        received: u64,
    },
    /// Are you there? The number is the asker's own.
    Ping(u64),
    /// The answer, with the number that was asked.
    Pong(u64),
    /// The session is over, on purpose.
    End,
}

/// What the host says of a fresh session.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Welcome {
    /// Its secret.
    pub token: Token,
    /// How long it outlives a line, in milliseconds.
    pub time_to_live: u32,
    /// Over how many milliseconds the guests of this host should spread when all have to dial again.
    pub spread: u32,
}

/// What a guest shows to have its session back: 128 bits that nobody can guess. Its `Debug` keeps the secret.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct Token(pub u128);

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token(..)")
    }
}

/// What is wrong with a frame that should have been a control frame.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Malformed {
    /// It does not begin with U+0010.
    NotControl,
    /// There is no frame of this name.
    Name,
    /// Something is missing at the end.
    Missing,
    /// A number is not written as one: decimal digits, no zero in front.
    Number,
    /// A number is too large.
    TooLarge,
    /// A token is not 32 lowercase hexadecimal digits.
    Token,
    /// There is more than belongs to it.
    Trailing,
}

impl Malformed {
    /// What to say to the other end.
    pub const fn reason(self) -> &'static str {
        match self {
            Malformed::NotControl => "not a control frame",
            Malformed::Name => "unknown control frame",
            Malformed::Missing => "control frame too short",
            Malformed::Number => "malformed number",
            Malformed::TooLarge => "number too large",
            Malformed::Token => "malformed token",
            Malformed::Trailing => "control frame too long",
        }
    }
}

impl Control {
    /// How many bytes the longest of them has.
    pub const LONGEST: usize = "\u{10}welcome ".len() + 32 + 2 * " 4294967295".len();

    /// Reads a frame that is not the app's, from its UTF-8 bytes or its UTF-16 units.
    pub fn decode<U: Into<u16>>(frame: impl IntoIterator<Item = U>) -> Result<Control, Malformed> {
        let mut units = frame.into_iter().map(Into::into);
        if units.next() != Some(ESCAPE as u16) {
            return Err(Malformed::NotControl);
        }
        let mut reader = Reader { units, after: Some(SPACE) };
        let control = match reader.name()? {
            NEW => Control::New,
            RESUME => Control::Resume { token: reader.token()?, received: reader.number(MAX_COUNT)? },
            WELCOME => Control::Welcome(Welcome {
                token: reader.token()?,
                time_to_live: reader.span()?,
                spread: reader.span()?,
            }),
            RESUMED => Control::Resumed { received: reader.number(MAX_COUNT)? },
            ACK => Control::Ack { received: reader.number(MAX_COUNT)? },
            PING => Control::Ping(reader.number(MAX_COUNT)?),
            PONG => Control::Pong(reader.number(MAX_COUNT)?),
            END => Control::End,
            _ => return Err(Malformed::Name),
        };
        if reader.after.is_some() { Err(Malformed::Trailing) } else { Ok(control) }
    }

    /// Writes the frame, byte by byte. All are ASCII.
    pub fn encode(&self, write: impl FnMut(u8)) {
        let mut writer = Writer { write };
        match *self {
            Control::New => writer.name(NEW),
            Control::Resume { token, received } => {
                writer.name(RESUME);
                writer.token(token);
                writer.number(received);
            }
            Control::Welcome(Welcome { token, time_to_live, spread }) => {
                writer.name(WELCOME);
                writer.token(token);
                writer.number(u64::from(time_to_live));
                writer.number(u64::from(spread));
            }
            Control::Resumed { received } => writer.numbered(RESUMED, received),
            Control::Ack { received } => writer.numbered(ACK, received),
            Control::Ping(number) => writer.numbered(PING, number),
            Control::Pong(number) => writer.numbered(PONG, number),
            Control::End => writer.name(END),
        }
    }

    /// The frame as a string.
    pub fn to_text(&self) -> String {
        let mut text = String::with_capacity(Self::LONGEST);
        self.encode(|byte| text.push(char::from(byte)));
        text
    }
}

/// The app's text as it travels.
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.starts_with(ESCAPE) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 1);
    escaped.push(ESCAPE);
    escaped.push_str(text);
    Cow::Owned(escaped)
}

/// The app's text as it was, or nothing if the frame is a control frame.
pub fn unescape(frame: &str) -> Option<&str> {
    match frame.strip_prefix(ESCAPE) {
        None => Some(frame),
        Some(text) if text.starts_with(ESCAPE) => Some(text),
        Some(_) => None,
    }
}

const NEW: u64 = name(b"new");
const RESUME: u64 = name(b"resume");
const WELCOME: u64 = name(b"welcome");
const RESUMED: u64 = name(b"resumed");
const ACK: u64 = name(b"ack");
const PING: u64 = name(b"ping");
const PONG: u64 = name(b"pong");
const END: u64 = name(b"end");

/// The letters of a name as one number, so that it is compared at once. A name has at most eight; the first is on top.
const fn name(letters: &[u8]) -> u64 {
    let mut name = 0;
    let mut place = 0;
    while place < letters.len() {
        name |= (letters[place] as u64) << (56 - 8 * place);
        place += 1;
    }
    name
}

const SPACE: u16 = b' ' as u16;

/// What is left of a frame.
struct Reader<I> {
    units: I,
    /// What came after the field that was read last: a space if there has to be another, nothing if it was the last.
    after: Option<u16>,
}

impl<I: Iterator<Item = u16>> Reader<I> {
    fn name(&mut self) -> Result<u64, Malformed> {
        let mut name = 0;
        let mut room = 64;
        while let Some(letter) = self.next_of_field() {
            if room == 0 || !matches!(letter, 0x61..=0x7a) {
                return Err(Malformed::Name);
            }
            room -= 8;
            name |= u64::from(letter) << room;
        }
        Ok(name)
    }

    fn number(&mut self, largest: u64) -> Result<u64, Malformed> {
        self.begin_field()?;
        let mut number = None;
        while let Some(unit) = self.next_of_field() {
            let digit = digit(unit).filter(|digit| *digit < 10).ok_or(Malformed::Number)?;
            let value = match number {
                None => digit,
                Some(0) => return Err(Malformed::Number),
                Some(value) => value * 10 + digit,
            };
            if value > largest {
                return Err(Malformed::TooLarge);
            }
            number = Some(value);
        }
        number.ok_or(Malformed::Number)
    }

    fn span(&mut self) -> Result<u32, Malformed> {
        self.number(u64::from(u32::MAX)).map(|span| span as u32)
    }

    fn token(&mut self) -> Result<Token, Malformed> {
        self.begin_field()?;
        let mut token = 0;
        for _ in 0..32 {
            let digit = self.next_of_field().and_then(digit).ok_or(Malformed::Token)?;
            token = token << 4 | u128::from(digit);
        }
        if self.next_of_field().is_some() { Err(Malformed::Token) } else { Ok(Token(token)) }
    }

    fn begin_field(&mut self) -> Result<(), Malformed> {
        if self.after.is_some() { Ok(()) } else { Err(Malformed::Missing) }
    }

    /// Not inlined: its four copies would be shipped.
    #[inline(never)]
    fn next_of_field(&mut self) -> Option<u16> {
        self.after = self.units.next();
        self.after.filter(|unit| *unit != SPACE)
    }
}

fn digit(unit: u16) -> Option<u64> {
    match unit {
        0x30..=0x39 => Some(u64::from(unit - 0x30)),
        0x61..=0x66 => Some(u64::from(unit - 0x61 + 10)),
        _ => None,
    }
}

struct Writer<W> {
    write: W,
}

impl<W: FnMut(u8)> Writer<W> {
    fn name(&mut self, mut name: u64) {
        (self.write)(ESCAPE as u8);
        while name != 0 {
            (self.write)((name >> 56) as u8);
            name <<= 8;
        }
    }

    fn numbered(&mut self, name: u64, number: u64) {
        self.name(name);
        self.number(number);
    }

    fn number(&mut self, number: u64) {
        (self.write)(b' ');
        let mut unit = 1;
        while number / unit >= 10 {
            unit *= 10;
        }
        while unit > 0 {
            (self.write)(b'0' + (number / unit % 10) as u8);
            unit /= 10;
        }
    }

    fn token(&mut self, Token(token): Token) {
        (self.write)(b' ');
        for place in (0..32).rev() {
            let digit = (token >> (4 * place)) as u8 & 0xf;
            (self.write)(if digit < 10 { b'0' + digit } else { b'a' - 10 + digit });
        }
    }
}

#[cfg(test)]
mod tests;
