//! How a socket is closed.

use alloc::string::String;

use web_sys::WebSocket;

use super::error::Error;

/// How a socket is closed.
pub(super) enum Farewell {
    Silent,
    Words { code: u16, reason: String },
}

impl Farewell {
    /// What an application may say.
    pub(super) fn new(code: u16, reason: &str) -> Result<Self, Error> {
        if code != 1000 && !(3000..=4999).contains(&code) {
            return Err(Error::CloseCode(code));
        }
        if reason.len() > 123 {
            return Err(Error::CloseReason(reason.len()));
        }
        Ok(Self::Words { code, reason: reason.into() })
    }

    pub(super) fn say(&self, native: &WebSocket) {
        // It throws for what an application may not say.
        let _ = match self {
            Farewell::Silent => native.close(),
            Farewell::Words { code, reason } => native.close_with_code_and_reason(*code, reason),
        };
    }
}
