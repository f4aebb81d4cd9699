//! One client's line, from its handshake to its end.

use std::time::{Duration, Instant};

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use tokio::sync::oneshot;
use tokio::time::{interval, timeout, timeout_at};

use crate::allowance::Allowance;
use crate::room::{RESTART, Room, Seat};

/// A frame above this ends the line: what is in it is never even read.
pub const LARGEST_FRAME: usize = 1 << 20;
/// A frame above this is answered with an error.
const LARGEST_MESSAGE: usize = 64 << 10;
/// A browser answers a ping by itself, so a living line is never silent for much longer than this.
const PING_EVERY: Duration = Duration::from_secs(20);
/// After so long without a sign the line is dead, and its name leaves the list.
const SILENCE: Duration = Duration::from_secs(50);
/// So long one frame may take to leave.
const SEND: Duration = Duration::from_secs(10);
/// So long a client has for its answer to our Close.
const FAREWELL: Duration = Duration::from_secs(1);

/// How a line ends.
enum End {
    /// The client closed, or its network did.
    Gone,
    /// We close, with a code and a reason.
    Close(u16, &'static str),
}

/// 1008 would tell a client never to come back; one that was too slow may.
const TOO_SLOW: End = End::Close(1013, "you read too slowly");
/// There is no other error that a browser can cause.
const TOO_LARGE: End = End::Close(1009, "a message of more than 1 MiB");
const SILENT: End = End::Close(1001, "no sign of life");

/// Seats a client and serves it until it goes.
pub async fn attend(mut socket: WebSocket, room: Room) {
    let (end, _witness) = match room.enter() {
        Ok(mut seat) => {
            let end = converse(&mut socket, &mut seat).await;
            // The seat goes before the farewell, as nobody should stay in the list for a slow answer; its
            // witness stays, so that a server that ends waits for the farewell too.
            (end, Some(seat.closing.clone()))
        }
        Err((code, reason)) => (End::Close(code, reason), None),
    };
    if let End::Close(code, reason) = end {
        // Who does not answer in time is gone all the same.
        let _ = timeout(FAREWELL, part(&mut socket, code, reason)).await;
    }
}

async fn converse(socket: &mut WebSocket, seat: &mut Seat) -> End {
    let mut allowance = Allowance::full(Instant::now());
    let mut last_sign = tokio::time::Instant::now();
    let mut pulse = interval(PING_EVERY);
    loop {
        let outgoing = tokio::select! {
            _ = seat.closing.changed() => return End::Close(RESTART.0, RESTART.1),
            _ = &mut seat.lost => return TOO_SLOW,
            Some(frame) = seat.mailbox.recv() => Some(Message::Text(frame)),
            _ = pulse.tick() => Some(Message::Ping(Default::default())),
            incoming = timeout_at(last_sign + SILENCE, socket.recv()) => {
                last_sign = tokio::time::Instant::now();
                match incoming {
                    Ok(Some(Ok(Message::Close(_))) | None) => return End::Gone,
                    Ok(Some(Ok(message))) => take(seat, &mut allowance, &message),
                    Ok(Some(Err(_))) => return TOO_LARGE,
                    Err(_) => return SILENT,
                }
                None
            }
        };
        if let Some(message) = outgoing
            && let Err(end) = send(socket, &mut seat.lost, message).await
        {
            return end;
        }
    }
}

/// Hands a client's message to the room, or tells the client why not.
fn take(seat: &Seat, allowance: &mut Allowance, message: &Message) {
    let frame = match message {
        Message::Text(frame) => frame,
        Message::Binary(_) => return seat.refuse("this chat speaks text, not binary"),
        _ => return,
    };
    if !allowance.take(Instant::now()) {
        seat.refuse("slow down: 20 messages at once, then 5 a second");
    } else if frame.len() > LARGEST_MESSAGE {
        seat.refuse("a message has at most 64 KiB");
    } else {
        seat.hear(frame);
    }
}

/// Sends a message, unless the reader stalls or is put out meanwhile.
async fn send<T>(socket: &mut WebSocket, lost: &mut oneshot::Receiver<T>, message: Message) -> Result<(), End> {
    tokio::select! {
        sent = timeout(SEND, socket.send(message)) => match sent {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(TOO_SLOW),
        },
        _ = lost => Err(TOO_SLOW),
    }
}

/// Says goodbye and waits for the client to say it too.
async fn part(socket: &mut WebSocket, code: u16, reason: &str) {
    let farewell = CloseFrame { code, reason: reason.into() };
    if socket.send(Message::Close(Some(farewell))).await.is_err() {
        return;
    }
    loop {
        match socket.recv().await {
            Some(Ok(_)) => {}
            None => return,
            // After a frame that was too large nothing can be read. To end TCP with bytes unread would
            // reset it and lose our Close frame, so the line stays until the farewell's time is up.
            Some(Err(_)) => std::future::pending().await,
        }
    }
}
