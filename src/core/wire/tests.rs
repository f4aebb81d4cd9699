use alloc::string::String;
use alloc::{format, vec};

use super::{Control, MAX_COUNT, Malformed, Token, Welcome, escape, unescape};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

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
            Control::Resume { token, received: number },
            Control::Resumed { received: number },
            Control::Ack { received: number },
            Control::Ping(number),
            Control::Pong(number),
        ]);
    }
    for span in [0, 1, 10, u32::MAX] {
        controls.push(Control::Welcome(Welcome { token, time_to_live: span, spread: u32::MAX - span }));
    }
    for control in controls {
        assert_eq!(Control::decode(control.to_text().bytes()), Ok(control));
    }
}

#[test]
fn the_longest_frame_is_as_long_as_it_is_said_to_be() {
    let welcome = Welcome { token: Token(u128::MAX), time_to_live: u32::MAX, spread: u32::MAX };
    assert_eq!(Control::Welcome(welcome).to_text().len(), Control::LONGEST);
    let resume = Control::Resume { token: Token(0), received: MAX_COUNT };
    assert!(resume.to_text().len() < Control::LONGEST);
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
fn a_frame_that_is_cut_short_is_refused() {
    let resume = Control::Resume { token: Token(7), received: 10 }.to_text();
    for length in 0..resume.len() - 2 {
        assert!(Control::decode(resume.bytes().take(length)).is_err(), "{length}");
    }
}

#[test]
fn text_that_looks_like_a_control_frame_comes_back_as_it_was() {
    for text in ["", "new", "\u{10}", "\u{10}new", "\u{10}\u{10}", "\u{10}\u{10}end", "\u{11}"] {
        assert_eq!(unescape(&escape(text)), Some(text));
    }
}

#[test]
fn a_control_frame_is_no_text_of_the_apps() {
    for control in [Control::New, Control::End, Control::Ack { received: 1 }] {
        assert_eq!(unescape(&control.to_text()), None);
    }
    assert_eq!(unescape("\u{10}"), None);
}

#[test]
fn a_token_is_not_shown() {
    let resume = Control::Resume { token: Token(0xfeed), received: 1 };
    assert!(!format!("{resume:?}").contains("feed"));
    assert!(!format!("{resume:?}").contains("65261"));
}
