use alloc::string::{String, ToString};

use super::{CloseError, CloseFrame, MAX_REASON, NORMAL, PROTOCOL_ERROR_OF_A_PAGE, is_final};

fn with_code(code: u16) -> Result<CloseFrame, CloseError> {
    CloseFrame::new(Some(code), String::new())
}

#[test]
fn a_user_may_close_without_a_code_and_with_1000_and_3000_to_4999() {
    let frame = CloseFrame::new(None, String::new());
    assert_eq!(frame.as_ref().map(|frame| (frame.code(), frame.reason())), Ok((None, "")));
    assert_eq!(frame, Ok(CloseFrame::default()));
    for code in [NORMAL, 3000, 3001, PROTOCOL_ERROR_OF_A_PAGE, 4998, 4999] {
        assert_eq!(with_code(code).map(|frame| frame.code()), Ok(Some(code)));
    }
}

#[test]
fn every_other_code_is_refused() {
    for code in [0, 1, 999, 1001, 1002, 1005, 1006, 1011, 1015, 2000, 2999, 5000, u16::MAX] {
        assert_eq!(with_code(code), Err(CloseError::Code(code)));
    }
}

#[test]
fn a_reason_has_at_most_123_bytes_of_utf_8() {
    let fits = "r".repeat(MAX_REASON);
    assert_eq!(CloseFrame::new(None, fits.clone()).as_ref().map(CloseFrame::reason), Ok(fits.as_str()));
    assert_eq!(CloseFrame::new(None, "r".repeat(MAX_REASON + 1)), Err(CloseError::Reason(124)));
    // 62 characters of two bytes.
    assert_eq!(CloseFrame::new(Some(4000), "é".repeat(62)), Err(CloseError::Reason(124)));
    assert!(CloseFrame::new(Some(4000), "é".repeat(61)).is_ok());
}

#[test]
fn the_code_is_checked_before_the_reason() {
    assert_eq!(CloseFrame::new(Some(1006), "r".repeat(200)), Err(CloseError::Code(1006)));
}

#[test]
fn an_error_names_the_value_and_says_what_to_do() {
    let code = CloseError::Code(1006).to_string();
    assert_eq!(code, "1006 is not a code to close with: use 1000, or one from 3000 to 4999");
    let reason = CloseError::Reason(200).to_string();
    assert_eq!(reason, "200 bytes are too many for a close reason: it may have 123 bytes of UTF-8");
}

#[test]
fn the_final_codes_are_those_after_which_another_attempt_is_pointless() {
    let finals = (0..=u16::MAX).filter(|code| is_final(*code));
    assert!(finals.eq([1000, 1002, 1003, 1007, 1008, 1009, 1010].into_iter().chain(4400..=4499)));
}
