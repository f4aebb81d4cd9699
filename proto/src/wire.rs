//! The protocol `undrop.1` on the wire: the subprotocol that asks for a session, the control frames, and the escape that
//! tells them from the app's own text.
//!
//! Nothing is allocated to decode or to encode a control frame, and each has one spelling. docs/protocol.md has the
//! grammar.

use alloc::borrow::Cow;
use alloc::string::String;
use core::error::Error;
use core::fmt;

/// The subprotocol that asks for a session. `undrop.1+NAME` asks for one with the app's own subprotocol `NAME`.
pub const PROTOCOL: &str = "undrop.1";

/// What is told of a server that chose [`PROTOCOL`] as it would choose any that is offered.
pub const NOT_SPOKEN: &str = "the server took undrop.1 but does not speak it";

/// The subprotocols to offer for a session, in place of those of the app.
pub fn offer<S: AsRef<str>>(app_protocols: impl ExactSizeIterator<Item = S>) -> impl Iterator<Item = String> {
    let alone = (app_protocols.len() == 0).then(|| PROTOCOL.into());
    alone.into_iter().chain(app_protocols.map(|name| offer_of(name.as_ref())))
}

/// The subprotocol to offer for a session, in place of this one of the app.
pub fn offer_of(app_protocol: &str) -> String {
    // The browser refuses an empty name: it must not become a valid one.
    if app_protocol.is_empty() { String::new() } else { [PROTOCOL, "+", app_protocol].concat() }
}

/// The app's own subprotocol within one that asks for a session: empty if the app has none, nothing if `protocol` does not
/// ask for a session.
pub fn app_protocol(protocol: &str) -> Option<&str> {
    let rest = protocol.strip_prefix(PROTOCOL)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('+') }
}

/// The kind of a text frame, which its first two UTF-16 code units tell.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TextFrame {
    /// The app's text, without an escape.
    Plain,
    /// The app's text, after one escape.
    Escaped,
    /// A control frame.
    Control,
}

impl TextFrame {
    /// The kind of the frame that begins with these code units; nothing stands for one that the frame does not have.
    pub fn new(first: Option<u16>, second: Option<u16>) -> Self {
        const UNIT: Option<u16> = Some(ESCAPE as u16);
        match (first, second) {
            (UNIT, UNIT) => TextFrame::Escaped,
            (UNIT, _) => TextFrame::Control,
            _ => TextFrame::Plain,
        }
    }

    /// Whether the app's text that begins with this unit is sent behind an escape.
    pub fn needs_escape(first: u16) -> bool {
        first == ESCAPE as u16
    }
}

/// U+0010, data link escape: a text frame that begins with one is a control frame, one that begins with two is the app's
/// text.
pub const ESCAPE: char = '\u{10}';

/// The greatest count on the wire. A double holds each count exactly.
pub const MAX_COUNT: u64 = (1 << 53) - 1;

/// A control frame.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Control {
    /// The client asks for a new session.
    New,
    /// The client asks for the session that it had.
    Resume {
        /// Which session.
        token: Token,
        /// What the client knows of it.
        known: Known,
    },
    /// A new session begins, whether the client asked for one or for one that does not exist.
    Welcome(Welcome),
    /// The session that the client asked for goes on.
    Resumed {
        /// How many messages the server has taken.
        received: u64,
        /// What the server asks of its clients now.
        terms: Terms,
    },
    /// An acknowledgement.
    Ack {
        /// How many messages the sender of the frame has taken since the session began.
        received: u64,
    },
    /// A ping, with a number of the sender's choice.
    Ping(u64),
    /// The answer to a ping, with the ping's number.
    Pong(u64),
    /// The session is over, on purpose.
    End,
}

/// What a client learns of its new session.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Welcome {
    /// The secret that resumes it.
    pub token: Token,
    /// How long the session goes on without a connection, in milliseconds.
    pub time_to_live: u32,
    /// What the server asks of its clients now.
    pub terms: Terms,
    /// Whether the client asked for a session of which the server, or its store, has lost a part.
    pub lost: bool,
}

/// What a client that resumes knows of its session. Its connections are numbered, so that a store that lost a part of the session
/// and has other messages under the numbers that were lost can't be mistaken for the one that it was.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct Known {
    /// How many messages it has received.
    pub received: u64,
    /// How many of its own messages were acknowledged to it.
    pub acknowledged: u64,
    /// The number that the client gave this connection: greater than that of each connection before.
    pub attempt: u32,
    /// That of the last connection on which it was told that this session goes on; 0 if there is none.
    pub answered: u32,
}

impl Known {
    /// Sets how many messages it has received. Default: none.
    pub fn received(mut self, count: u64) -> Self {
        self.received = count;
        self
    }

    /// Sets how many of its own messages were acknowledged to it. Default: none.
    pub fn acknowledged(mut self, count: u64) -> Self {
        self.acknowledged = count;
        self
    }

    /// Sets the number of this connection. Default: 0.
    pub fn attempt(mut self, number: u32) -> Self {
        self.attempt = number;
        self
    }

    /// Sets the number of the last connection on which it was told that this session goes on. Default: 0, for none.
    pub fn answered(mut self, number: u32) -> Self {
        self.answered = number;
        self
    }
}

/// What a server asks of its clients. It may change from one connection to the next.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Terms {
    /// Over how many milliseconds the clients of this server should spread when all have to reconnect.
    pub spread: u32,
    /// The largest message that the server accepts, in bytes of the frame.
    pub largest: u32,
}

/// The secret that resumes a session: 128 random bits. Its `Debug` does not show them.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct Token(pub u128);

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token(..)")
    }
}

/// What is wrong with a frame that should have been a control frame.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Malformed {
    /// It does not begin with U+0010.
    NotControl,
    /// There is no frame of this name.
    Name,
    /// A field is missing at the end.
    Missing,
    /// A number is not written as one: decimal digits, no zero in front.
    Number,
    /// A number is too large.
    TooLarge,
    /// A token is not 32 lowercase hexadecimal digits.
    Token,
    /// There is more than the frame may have.
    Trailing,
}

impl Malformed {
    /// The close reason.
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

impl fmt::Display for Malformed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.reason())
    }
}

impl Error for Malformed {}

impl Control {
    /// The bytes of the longest control frame.
    pub const LONGEST: usize =
        "\u{10}resume ".len() + TOKEN_DIGITS + 2 * " 9007199254740991".len() + 2 * " 4294967295".len();

    /// Decodes a control frame from its UTF-8 bytes or its UTF-16 code units.
    pub fn decode<U: Into<u16>>(frame: impl IntoIterator<Item = U>) -> Result<Control, Malformed> {
        let mut units = frame.into_iter().map(Into::into);
        if units.next() != Some(ESCAPE as u16) {
            return Err(Malformed::NotControl);
        }
        let mut reader = Reader { units, after: Some(SPACE) };
        let control = match reader.name()? {
            NEW => Control::New,
            RESUME => Control::Resume {
                token: reader.token()?,
                known: Known {
                    received: reader.number(MAX_COUNT)?,
                    acknowledged: reader.number(MAX_COUNT)?,
                    attempt: reader.span()?,
                    answered: reader.span()?,
                },
            },
            WELCOME => Control::Welcome(Welcome {
                token: reader.token()?,
                time_to_live: reader.span()?,
                terms: reader.terms()?,
                lost: reader.lost()?,
            }),
            RESUMED => Control::Resumed { received: reader.number(MAX_COUNT)?, terms: reader.terms()? },
            ACK => Control::Ack { received: reader.number(MAX_COUNT)? },
            PING => Control::Ping(reader.number(MAX_COUNT)?),
            PONG => Control::Pong(reader.number(MAX_COUNT)?),
            END => Control::End,
            _ => return Err(Malformed::Name),
        };
        if reader.after.is_some() { Err(Malformed::Trailing) } else { Ok(control) }
    }

    /// Encodes the frame, byte by byte. All are ASCII.
    pub fn encode(&self, write: impl FnMut(u8)) {
        let mut writer = Writer { write };
        match *self {
            Control::New => writer.name(NEW),
            Control::Resume { token, known } => {
                writer.name(RESUME);
                writer.token(token);
                writer.number(known.received);
                writer.number(known.acknowledged);
                writer.number(u64::from(known.attempt));
                writer.number(u64::from(known.answered));
            }
            Control::Welcome(Welcome { token, time_to_live, terms, lost }) => {
                writer.name(WELCOME);
                writer.token(token);
                writer.number(u64::from(time_to_live));
                writer.terms(terms);
                if lost {
                    (writer.write)(b' ');
                    writer.word(LOST);
                }
            }
            Control::Resumed { received, terms } => {
                writer.numbered(RESUMED, received);
                writer.terms(terms);
            }
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

/// The app's text as it is sent.
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.starts_with(ESCAPE) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 1);
    escaped.push(ESCAPE);
    escaped.push_str(text);
    Cow::Owned(escaped)
}

/// The app's text in a text frame, or nothing if it is a control frame.
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
const LOST: u64 = name(b"lost");

/// The characters of a name as one number, so that it is compared at once. A name has at most eight; the first is in the
/// highest byte.
const fn name(characters: &[u8]) -> u64 {
    let mut name = 0;
    let mut place = 0;
    while place < characters.len() {
        name |= (characters[place] as u64) << (56 - 8 * place);
        place += 1;
    }
    name
}

const SPACE: u16 = b' ' as u16;

/// How many digits a token has: 128 bits in hexadecimal.
const TOKEN_DIGITS: usize = 128 / 4;

/// What is left of a frame.
struct Reader<I> {
    units: I,
    /// What came after the field that was read last: a space if another field has to follow, nothing at the end.
    after: Option<u16>,
}

impl<I: Iterator<Item = u16>> Reader<I> {
    fn name(&mut self) -> Result<u64, Malformed> {
        let mut name = 0;
        let mut room = 64;
        while let Some(character) = self.next_of_field() {
            if room == 0 || !matches!(character, 0x61..=0x7a) {
                return Err(Malformed::Name);
            }
            room -= 8;
            name |= u64::from(character) << room;
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
        for _ in 0..TOKEN_DIGITS {
            let digit = self.next_of_field().and_then(digit).ok_or(Malformed::Token)?;
            token = token << 4 | u128::from(digit);
        }
        if self.next_of_field().is_some() { Err(Malformed::Token) } else { Ok(Token(token)) }
    }

    fn terms(&mut self) -> Result<Terms, Malformed> {
        Ok(Terms { spread: self.span()?, largest: self.span()? })
    }

    /// The word at the end of the frame, if there is one.
    fn lost(&mut self) -> Result<bool, Malformed> {
        if self.after.is_none() {
            return Ok(false);
        }
        if self.name() == Ok(LOST) { Ok(true) } else { Err(Malformed::Trailing) }
    }

    fn begin_field(&mut self) -> Result<(), Malformed> {
        if self.after.is_some() { Ok(()) } else { Err(Malformed::Missing) }
    }

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
    fn name(&mut self, name: u64) {
        (self.write)(ESCAPE as u8);
        self.word(name);
    }

    fn word(&mut self, mut name: u64) {
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
        self.digits(number);
    }

    fn digits(&mut self, number: u64) {
        if number >= 10 {
            self.digits(number / 10);
        }
        self.digit((number % 10) as u8);
    }

    fn digit(&mut self, digit: u8) {
        (self.write)(if digit < 10 { b'0' + digit } else { b'a' - 10 + digit });
    }

    fn terms(&mut self, Terms { spread, largest }: Terms) {
        self.number(u64::from(spread));
        self.number(u64::from(largest));
    }

    fn token(&mut self, Token(mut token): Token) {
        (self.write)(b' ');
        for _ in 0..TOKEN_DIGITS {
            self.digit((token >> 124) as u8);
            token <<= 4;
        }
    }
}

#[cfg(test)]
mod tests;
