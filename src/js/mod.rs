//! The face for JavaScript: the functions that the class in `npm/` is built on.
//!
//! A socket is known to JavaScript by its number. What crosses for each message is numbers; all else has names.

#![expect(unreachable_pub, reason = "what wasm-bindgen exports has to be `pub`")]

#[cfg(target_arch = "wasm32")]
mod allocator;
mod error;
mod options;
mod shell;

use std::rc::Rc;

#[cfg(feature = "session")]
use js_sys::JsString;
use js_sys::{Array, Function, Object};
#[cfg(feature = "session")]
use undrop_proto::close::CloseFrame;
#[cfg(feature = "session")]
use undrop_proto::wire;
use undrop_proto::{Attempt, Cause, MessageId, Outcome, SendError, Stats};
use wasm_bindgen::prelude::*;

#[cfg(feature = "session")]
use self::error::close_error;
use self::error::send_error;
use self::shell::{Shell, ShellUser};
use crate::socket::{Driver, Message, Report, Size, Target, Waiter, find};

#[wasm_bindgen(module = "/src/js/values.js")]
extern "C" {
    #[wasm_bindgen(js_name = setProperty)]
    fn set_number(object: &Object, name: &str, value: f64);

    #[wasm_bindgen(js_name = setProperty)]
    fn set_text(object: &Object, name: &str, value: &str);

    #[wasm_bindgen(js_name = setProperty)]
    fn set_object(object: &Object, name: &str, value: &Object);
}

/// Makes a socket and begins its first attempt. `handler` is [`handle`]. Without a URL the shell is asked for it at each
/// attempt. Throws what the browser's constructor throws, and a `TypeError` for an option that can't be one. Returns the
/// number of the socket.
#[wasm_bindgen]
pub fn connect(
    shell: Shell,
    handler: Function,
    url: JsValue,
    protocols: Array,
    options: &JsValue,
) -> Result<u32, JsValue> {
    let settings = options::parse(options)?;
    let target = if url.is_undefined() { Target::Asked } else { Target::Known { url, protocols } };
    let mut number = 0;
    Driver::connect(settings, target, handler, |id| {
        number = id;
        Rc::new(ShellUser::new(shell))
    })?;
    Ok(number)
}

/// Handles what the browser reports of the socket of this number, or a signal for all sockets. True if the page's listeners may
/// hear the event.
#[wasm_bindgen]
pub fn handle(report: Report, socket: u32, event: &JsValue) -> bool {
    crate::socket::handle(report, socket, event)
}

/// Nobody holds the socket any more.
#[wasm_bindgen]
pub fn release(socket: u32) {
    if let Some(socket) = find(socket) {
        socket.release();
    }
}

/// Whether a message of so many bytes may go straight to the native socket, whose `readyState` this is. Then it counts
/// as sent.
#[wasm_bindgen]
pub fn admits(socket: u32, ready_state: u16, bytes: f64) -> bool {
    find(socket).is_some_and(|socket| socket.admits(ready_state, bytes))
}

/// Sends a message that could not go straight to the native socket. A text has so many code units, of which this is the
/// first; for anything else that is negative, and the size is in bytes. Whoever waits is told the outcome. Throws if the
/// message was not accepted. Returns the number of the message; 0 if it was discarded because the socket is closed.
#[wasm_bindgen]
pub fn send(
    socket: u32,
    data: JsValue,
    size: f64,
    first: f64,
    time_to_live: Option<f64>,
    waiter: Option<Function>,
) -> Result<f64, JsValue> {
    let Some(socket) = find(socket) else { return Ok(0.0) };
    let is_awaited = waiter.is_some();
    let message = Message::new(data, waiter.map_or(Waiter::User, Waiter::Function));
    let size = if first < 0.0 { Size::Bytes(size) } else { Size::Text { units: size as u32, first: first as u16 } };
    #[cfg(feature = "session")]
    let accepted = match time_to_live {
        Some(span) => socket.deliver(message, size, Some(span as u32)),
        None => socket.send(message, size),
    };
    #[cfg(not(feature = "session"))]
    let accepted = {
        let _ = time_to_live;
        socket.send(message, size)
    };
    match accepted {
        Ok(MessageId(id)) => Ok(id as f64),
        // As with the browser's own class.
        Err(SendError::Closed) if !is_awaited => Ok(0.0),
        Err(error) => Err(send_error(error)),
    }
}

/// Takes back a message that was not sent yet.
#[wasm_bindgen]
pub fn withdraw(socket: u32, message: f64) {
    if let Some(socket) = find(socket) {
        socket.withdraw(MessageId(message as u64));
    }
}

/// A message arrived: so many bytes, or text of so many code units. It may be the reply to a heartbeat. False if it is
/// not the page's.
#[wasm_bindgen]
pub fn received(socket: u32, bytes: f64, is_reply: bool) -> bool {
    find(socket).is_some_and(|socket| socket.received(bytes, is_reply))
}

/// The page closes the connection. The shell has closed the native socket already, whose checks of the arguments are the
/// browser's.
#[wasm_bindgen]
pub fn close(socket: u32) {
    if let Some(socket) = find(socket) {
        socket.close_connection();
    }
}

/// The page closes a connection that keeps a session, with this code and reason. The protocol says when to close the
/// native socket. Throws if the code or the reason can't be sent.
#[cfg(feature = "session")]
#[wasm_bindgen(js_name = closeSession)]
pub fn close_session(socket: u32, code: Option<u16>, reason: String) -> Result<(), JsValue> {
    let frame = CloseFrame::new(code, reason).map_err(close_error)?;
    if let Some(socket) = find(socket) {
        socket.close(frame);
    }
    Ok(())
}

/// Connects now, also if the socket is closed.
#[wasm_bindgen]
pub fn reconnect(socket: u32, shell: Shell) {
    if let Some(socket) = find(socket) {
        socket.reconnect(Rc::new(ShellUser::new(shell)));
    }
}

/// The shell found out where to connect. Throws what the browser's constructor throws: then it was [not found](not_found).
#[wasm_bindgen]
pub fn found(socket: u32, attempt: u32, url: &JsValue, protocols: Array) -> Result<(), JsValue> {
    find(socket).map_or(Ok(()), |socket| socket.found(Attempt(attempt), url, &protocols))
}

/// The shell could not find out where to connect.
#[wasm_bindgen(js_name = notFound)]
pub fn not_found(socket: u32, attempt: u32) {
    if let Some(socket) = find(socket) {
        socket.not_found(Attempt(attempt));
    }
}

/// The page has authenticated on the native socket of this attempt, or could not.
#[wasm_bindgen]
pub fn authenticated(socket: u32, attempt: u32, is_accepted: bool) {
    if let Some(socket) = find(socket) {
        socket.authenticated(Attempt(attempt), is_accepted);
    }
}

/// The name of the state.
#[wasm_bindgen]
pub fn state(socket: u32) -> JsValue {
    find(socket).map_or(JsValue::UNDEFINED, |socket| socket.state().name().into())
}

/// The `readyState` that stands for the state.
#[wasm_bindgen(js_name = readyState)]
pub fn ready_state(socket: u32) -> u16 {
    find(socket).map_or(0, |socket| socket.ready_state())
}

/// The number of the attempt that is under way, comes next or came last.
#[wasm_bindgen]
pub fn attempt(socket: u32) -> u32 {
    find(socket).map_or(0, |socket| socket.tries())
}

/// When the next attempt begins, as `Date.now()` counts, while the connection waits for it.
#[wasm_bindgen(js_name = retryAt)]
pub fn retry_at(socket: u32) -> Option<f64> {
    find(socket)?.retry_at()
}

/// The bytes that wait for the connection, or that were sent after the end, and of those that the last native socket has
/// not sent, which are so many, those that are still on their way.
#[wasm_bindgen]
pub fn buffered(socket: u32, native: f64) -> f64 {
    find(socket).map_or(native, |socket| socket.buffered(native))
}

/// The counts of the socket.
#[wasm_bindgen]
pub fn stats(socket: u32) -> Object {
    let socket = find(socket);
    let Stats { attempts, opens, drops, messages_in, messages_out, bytes_in, bytes_out, round_trip, .. } =
        socket.as_ref().map(|socket| socket.stats()).unwrap_or_default();
    let [stats, drops_by_cause, round_trips] = [Object::new(), Object::new(), Object::new()];
    set_number(&stats, "attempts", attempts.into());
    set_number(&stats, "opens", opens.into());
    set_number(&stats, "messagesIn", messages_in as f64);
    set_number(&stats, "messagesOut", messages_out as f64);
    set_number(&stats, "bytesIn", bytes_in as f64);
    set_number(&stats, "bytesOut", bytes_out as f64);
    #[cfg(feature = "session")]
    set_number(&stats, "unacknowledged", socket.map_or(0.0, |socket| socket.unacknowledged() as f64));
    for (cause, count) in Cause::ALL.iter().zip(drops) {
        set_number(&drops_by_cause, cause.name(), count.into());
    }
    set_object(&stats, "drops", &drops_by_cause);
    set_number(&round_trips, "last", round_trip.last as f64);
    set_number(&round_trips, "min", round_trip.min as f64);
    set_number(&round_trips, "mean", round_trip.sum as f64 / f64::from(round_trip.count.max(1)));
    set_object(&stats, "roundTrip", &round_trips);
    stats
}

/// What can become of a message: a clause for the name of each outcome.
#[wasm_bindgen]
pub fn outcomes() -> JsValue {
    let outcomes = Object::new();
    for outcome in Outcome::ALL {
        set_text(&outcomes, outcome.name(), outcome.describe());
    }
    outcomes.into()
}

/// The first code unit of text frames that concern the session of this socket, if it keeps one.
#[cfg(feature = "session")]
#[wasm_bindgen]
pub fn escape(socket: u32) -> Option<u16> {
    find(socket)?.keeps_session().then_some(wire::ESCAPE as u16)
}

/// A text frame arrived that begins with the escape of a session. The page's text in it, or undefined if it is a control
/// frame.
#[cfg(feature = "session")]
#[wasm_bindgen(js_name = escapedFrame)]
pub fn escaped_frame(socket: u32, frame: JsString) -> Option<JsString> {
    find(socket)?.escaped_frame(&frame)
}

/// The page's part of the subprotocol that the server chose.
#[cfg(feature = "session")]
#[wasm_bindgen]
pub fn protocol(socket: u32, chosen: &str) -> String {
    find(socket).map_or_else(String::new, |socket| socket.protocol(chosen))
}
