use alloc::string::String;
use alloc::vec::Vec;
use alloc::{format, vec};

use super::{
    Control, ESCAPE, MAX_COUNT, Malformed, Terms, TextFrame, Token, Welcome, app_protocol, escape, offer, unescape,
};
use crate::wire::Known;

/// What a client knows on its third connection that was answered on its second.
const fn known(received: u64, acknowledged: u64) -> Known {
    Known { received, acknowledged, attempt: 30, answered: 20 }
}

#[test]
fn a_unit_beyond_ascii_is_never_taken_for_one_of_its_bytes() {
    // U+0110 ends like the escape, U+016E like an n.
    assert_eq!(Control::decode("\u{110}new".encode_utf16()), Err(Malformed::NotControl));
    assert_eq!(Control::decode("\u{10}\u{16e}ew".encode_utf16()), Err(Malformed::Name));
}

#[test]
fn a_frame_is_read_back_as_it_was_written() {
    let token = Token(0x0123_4567_89ab_cdef_0011_2233_4455_6677);
    let mut controls = vec![Control::New, Control::End];
    for number in [0, 1, 9, 10, 99, 100, 1 << 32, MAX_COUNT - 1, MAX_COUNT] {
        controls.extend([
            Control::Resume { token, known: known(number, MAX_COUNT - number) },
            Control::Resumed { received: number, terms: Terms { spread: u32::MAX, largest: 0 } },
            Control::Ack { received: number },
            Control::Ping(number),
            Control::Pong(number),
        ]);
    }
    for span in [0, 1, 10, u32::MAX] {
        let terms = Terms { spread: u32::MAX - span, largest: span / 2 };
        controls.extend([false, true].map(|lost| Control::Welcome(Welcome { token, time_to_live: span, terms, lost })));
    }
    for control in controls {
        assert_eq!(Control::decode(control.to_text().bytes()), Ok(control));
    }
}

#[test]
fn the_longest_frame_is_as_long_as_it_is_said_to_be() {
    let terms = Terms { spread: u32::MAX, largest: u32::MAX };
    let welcome = Welcome { token: Token(u128::MAX), time_to_live: u32::MAX, terms, lost: true };
    assert!(Control::Welcome(welcome).to_text().len() < Control::LONGEST);
    let known = Known { attempt: u32::MAX, answered: u32::MAX, ..known(MAX_COUNT, MAX_COUNT) };
    let resume = Control::Resume { token: Token(0), known };
    assert_eq!(resume.to_text().len(), Control::LONGEST);
}

#[test]
fn a_frame_has_one_spelling() {
    // Every text of up to five of these, which are those that numbers and names are made of.
    const UNITS: [u8; 8] = *b"\x10ack 019";
    for length in 0..=5 {
        for number in 0..UNITS.len().pow(length) {
            let text: String =
                (0..length).map(|place| char::from(UNITS[number / UNITS.len().pow(place) % UNITS.len()])).collect();
            let frame = format!("\u{10}ack {text}");
            if let Ok(control) = Control::decode(frame.bytes()) {
                assert_eq!(control.to_text(), frame);
            }
        }
    }
}

#[test]
fn a_truncated_frame_is_refused() {
    let resume = Control::Resume { token: Token(7), known: known(10, 20) }.to_text();
    for length in 0..resume.len() - 2 {
        assert!(Control::decode(resume.bytes().take(length)).is_err(), "{length}");
    }
}

#[test]
fn text_that_looks_like_a_control_frame_is_unescaped_as_it_was() {
    for text in ["", "new", "\u{10}", "\u{10}new", "\u{10}\u{10}", "\u{10}\u{10}end", "\u{11}"] {
        assert_eq!(unescape(&escape(text)), Some(text));
    }
}

#[test]
fn a_control_frame_is_not_the_text_of_the_app() {
    for control in [Control::New, Control::End, Control::Ack { received: 1 }] {
        assert_eq!(unescape(&control.to_text()), None);
    }
    assert_eq!(unescape("\u{10}"), None);
}

#[test]
fn a_token_is_not_shown() {
    let resume = Control::Resume { token: Token(0xfeed), known: known(1, 0) };
    assert!(!format!("{resume:?}").contains("feed"));
    assert!(!format!("{resume:?}").contains("65261"));
}

fn offered(app_protocols: &[&str]) -> Vec<String> {
    offer(app_protocols.iter()).collect()
}

#[test]
fn a_session_is_asked_for_with_each_subprotocol_of_the_app() {
    assert_eq!(offered(&[]), ["undrop.1"]);
    assert_eq!(offered(&["chat"]), ["undrop.1+chat"]);
    assert_eq!(offered(&["b", "a", "b"]), ["undrop.1+b", "undrop.1+a", "undrop.1+b"]);
}

#[test]
fn an_empty_subprotocol_stays_empty_for_the_browser_to_refuse() {
    assert_eq!(offered(&["chat", ""]), ["undrop.1+chat", ""]);
}

#[test]
fn the_subprotocol_of_the_app_is_read_from_the_one_that_the_server_chose() {
    let apps = ["undrop.1", "undrop.1+chat", "undrop.1+a+b", "undrop.1+undrop.1"].map(app_protocol);
    assert_eq!(apps, [Some(""), Some("chat"), Some("a+b"), Some("undrop.1")]);
}

#[test]
fn a_subprotocol_that_does_not_ask_for_a_session_is_another() {
    for protocol in ["", "chat", "undrop", "undrop.", "undrop.2", "undrop.10", "undrop.1chat", "UNDROP.1", " undrop.1"]
    {
        assert_eq!(app_protocol(protocol), None, "{protocol}");
    }
}

#[test]
fn what_is_offered_is_read_back() {
    for app in ["chat", "+", "undrop.1", "a.b-c"] {
        assert_eq!(offered(&[app]).first().and_then(|name| app_protocol(name)), Some(app));
    }
}

#[test]
fn the_first_two_units_tell_the_kind_of_a_text_frame() {
    const ESCAPED: Option<u16> = Some(ESCAPE as u16);
    const OTHER: Option<u16> = Some(b'n' as u16);
    assert_eq!(TextFrame::new(None, None), TextFrame::Plain);
    assert_eq!(TextFrame::new(OTHER, ESCAPED), TextFrame::Plain);
    assert_eq!(TextFrame::new(ESCAPED, ESCAPED), TextFrame::Escaped);
    assert_eq!(TextFrame::new(ESCAPED, OTHER), TextFrame::Control);
    assert_eq!(TextFrame::new(ESCAPED, None), TextFrame::Control);
    // U+0110 ends like the escape.
    assert_eq!(TextFrame::new(Some(0x110), ESCAPED), TextFrame::Plain);
    assert_eq!(TextFrame::new(ESCAPED, Some(0x110)), TextFrame::Control);
}

#[test]
fn the_kind_of_a_text_frame_agrees_with_its_text() {
    for frame in ["", "n", "n\u{10}", "\u{10}", "\u{10}n", "\u{10}\u{10}", "\u{10}\u{10}n", "\u{110}\u{10}"] {
        let mut units = frame.encode_utf16();
        let text = match TextFrame::new(units.next(), units.next()) {
            TextFrame::Plain => Some(frame),
            TextFrame::Escaped => frame.get(1..),
            TextFrame::Control => None,
        };
        assert_eq!(unescape(frame), text, "{frame:?}");
    }
}
