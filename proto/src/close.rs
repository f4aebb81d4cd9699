//! Close codes and reasons: which a close frame may have, which a user may close with, and which end a connection for good.

use alloc::string::String;
use core::error::Error;
use core::fmt;

/// The normal end. <https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1>
pub const NORMAL: u16 = 1000;

/// The peer broke the protocol.
pub const PROTOCOL_ERROR: u16 = 1002;

/// What is reported where a close frame has no code.
pub const NO_CODE: u16 = 1005;

/// What is reported where no close frame arrived.
pub const ABNORMAL: u16 = 1006;

/// The server restarts.
pub const RESTART: u16 = 1012;

/// The server is overloaded.
pub const TRY_AGAIN_LATER: u16 = 1013;

/// The server of a session refuses the connection for now: what showed it whose the client is has expired, and the client
/// may come back with another. See docs/protocol.md.
pub const CREDENTIALS_EXPIRED: u16 = 4003;

/// What a page closes with instead of [`PROTOCOL_ERROR`], which the browser reserves for itself. See docs/protocol.md.
pub const PROTOCOL_ERROR_OF_A_PAGE: u16 = 4402;

/// The bytes of UTF-8 that a close frame has room for beside its code.
pub const MAX_REASON: usize = 123;

/// Whether another attempt is pointless after this code: the end was normal, or the client's own messages caused it.
/// <https://www.iana.org/assignments/websocket/websocket.xhtml#close-code-number>
pub const fn is_final(code: u16) -> bool {
    matches!(code, 1000 | 1002 | 1003 | 1007..=1010 | 4400..=4499)
}

/// Whether a close frame may have this code. <https://www.rfc-editor.org/rfc/rfc6455#section-7.4>
pub const fn is_sendable(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

/// A close frame that a user may send. Browsers let a page send fewer codes than those.
/// <https://websockets.spec.whatwg.org/#dom-websocket-close>
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct CloseFrame {
    code: Option<u16>,
    reason: String,
}

/// Why a close frame can't be sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum CloseError {
    /// The code is neither 1000 nor one from 3000 to 4999.
    Code(u16),
    /// The reason has so many bytes, which is more than [`MAX_REASON`].
    Reason(usize),
}

impl CloseFrame {
    /// A close frame with this code and reason, if a user may send it.
    pub fn new(code: Option<u16>, reason: String) -> Result<Self, CloseError> {
        if let Some(code) = code.filter(|code| !matches!(code, 1000 | 3000..=4999)) {
            return Err(CloseError::Code(code));
        }
        if reason.len() > MAX_REASON {
            return Err(CloseError::Reason(reason.len()));
        }
        Ok(Self { code, reason })
    }

    /// The code, if there is one.
    pub fn code(&self) -> Option<u16> {
        self.code
    }

    /// The reason; empty without one.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl CloseError {
    /// The number that is wrong.
    pub const fn value(self) -> u32 {
        match self {
            CloseError::Code(code) => code as u32,
            CloseError::Reason(bytes) => bytes as u32,
        }
    }

    /// What is wrong with that number and what to do, to be written behind it.
    pub const fn describe(self) -> &'static str {
        match self {
            CloseError::Code(_) => " is not a code to close with: use 1000, or one from 3000 to 4999",
            CloseError::Reason(_) => " bytes are too many for a close reason: it may have 123 bytes of UTF-8",
        }
    }
}

impl fmt::Display for CloseError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}{}", self.value(), self.describe())
    }
}

impl Error for CloseError {}

#[cfg(test)]
mod tests;
