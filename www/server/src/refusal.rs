//! Why a client's message was refused.

use std::borrow::Cow;

use serde::Serialize;

/// A code for the page and a sentence for developers. The connection stays open.
#[derive(Debug, PartialEq, Clone, Serialize)]
pub struct Refusal {
    pub code: &'static str,
    pub reason: Cow<'static, str>,
}

impl Refusal {
    pub fn new(code: &'static str, reason: impl Into<Cow<'static, str>>) -> Self {
        Self { code, reason: reason.into() }
    }
}
