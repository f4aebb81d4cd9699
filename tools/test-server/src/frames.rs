//! Frames and bytes that no correct server sends.

/// What answers a handshake instead of HTTP.
pub const GARBAGE: &[u8] = b"\x00\x01\x02 this is not HTTP \xff\xfe\r\n\r\n";

/// A frame that RFC 6455 forbids, with the section that does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum BadFrame {
    /// A text frame whose bytes are not UTF-8 (8.1).
    BadUtf8,
    /// Opcode 3 means nothing (5.2).
    ReservedOpcode,
    /// A server masks nothing (5.1).
    Masked,
    /// A reserved bit without the extension that would give it a meaning (5.2).
    Rsv,
    /// A continuation of a message that never began (5.4).
    Continuation,
    /// A ping of 126 bytes, where 125 fit (5.5).
    ControlTooLong,
    /// A header that announces 1 TiB. RFC 6455 allows it; no client can take it.
    HugeHeader,
}

impl BadFrame {
    /// The frame that `kind=` names.
    pub fn named(kind: &str) -> Option<Self> {
        Some(match kind {
            "reserved-opcode" => Self::ReservedOpcode,
            "masked" => Self::Masked,
            "rsv" => Self::Rsv,
            "continuation" => Self::Continuation,
            "control-too-long" => Self::ControlTooLong,
            "huge-header" => Self::HugeHeader,
            _ => return None,
        })
    }

    /// Its bytes.
    pub fn bytes(self) -> Vec<u8> {
        match self {
            Self::BadUtf8 => vec![0x81, 4, b'a', 0xff, 0xfe, b'b'],
            Self::ReservedOpcode => vec![0x83, 2, b'h', b'i'],
            Self::Masked => vec![0x81, 0x82, 1, 2, 3, 4, b'h' ^ 1, b'i' ^ 2],
            Self::Rsv => vec![0xc1, 2, b'h', b'i'],
            Self::Continuation => vec![0x80, 2, b'h', b'i'],
            Self::ControlTooLong => [&[0x89, 126, 0, 126][..], &[b'p'; 126]].concat(),
            Self::HugeHeader => [&[0x82, 127][..], &(1_u64 << 40).to_be_bytes()].concat(),
        }
    }
}

/// A Close frame with any code at all, also those that must never be sent (RFC 6455 7.4).
pub fn close_frame(code: Option<(u16, &str)>) -> Vec<u8> {
    let payload = code.map_or(Vec::new(), |(code, reason)| [&code.to_be_bytes()[..], reason.as_bytes()].concat());
    // The route lets no reason through that does not fit.
    let length = u8::try_from(payload.len()).unwrap_or(125);
    [&[0x88, length][..], &payload].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_close_frame_carries_what_it_is_given() {
        assert_eq!(close_frame(None), [0x88, 0]);
        assert_eq!(close_frame(Some((999, "no"))), [0x88, 4, 0x03, 0xe7, b'n', b'o']);
    }
}
