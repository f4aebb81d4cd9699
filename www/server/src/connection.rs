//! A connection without a session, from its handshake to its end.

use std::future::ready;
use std::time::{Duration, Instant};

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use tokio::sync::watch;
use tokio::time::{interval, sleep_until, timeout, timeout_at};

use crate::room::{CloseReason, NOT_JOINED, RESTART, TOO_SLOW};
use crate::runs::PACE;
use crate::shared_room::{Membership, join_timeout};

/// The interval of our pings. A browser answers each by itself, so a living connection is not silent for much longer.
const PING_INTERVAL: Duration = Duration::from_secs(20);
/// A connection that is silent for so long is dead, and its name leaves the list of members.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(50);
/// The longest that sending one frame may take.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a client may take to answer our close frame.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// How a connection ends.
enum End {
    /// The client closed, or its network failed.
    Gone,
    /// We close, with a code and a reason.
    Close(CloseReason),
}

/// A browser can cause no other read error.
const TOO_LARGE: End = End::Close((1009, "a message of more than 1 MiB"));
const SILENT: End = End::Close((1001, "no sign of life"));

/// Serves a member until the client goes, or until `closing` says that the server shuts down.
pub async fn serve(mut socket: WebSocket, mut membership: Membership, mut closing: watch::Receiver<bool>) {
    let end = run(&mut socket, &mut membership, &mut closing).await;
    // The membership is dropped before the closing handshake, so that nobody stays in the list for a slow answer. `closing`
    // is dropped after it, so that a server that shuts down waits for the closing handshake too.
    drop(membership);
    if let End::Close(reason) = end {
        close(socket, reason).await;
    }
    drop(closing);
}

/// Does the closing handshake.
pub async fn close(mut socket: WebSocket, (code, reason): CloseReason) {
    // A client that does not answer in time is dropped.
    let _ = timeout(CLOSE_TIMEOUT, shake_hands(&mut socket, code, reason)).await;
}

async fn run(socket: &mut WebSocket, membership: &mut Membership, closing: &mut watch::Receiver<bool>) -> End {
    let mut last_sign = tokio::time::Instant::now();
    let mut ping = interval(PING_INTERVAL);
    let mut pace = interval(PACE);
    loop {
        let ready_at = membership.client.rate_limit.ready_at(Instant::now());
        let overdrawn = ready_at > Instant::now();
        let silence = last_sign.max(ready_at.into()) + SILENCE_TIMEOUT;
        // The reply to a request for a file is sent before the file's pieces, and messages are sent between two pieces.
        let has_piece = membership.client.has_piece() && membership.handle.queue.is_empty();
        let outgoing = tokio::select! {
            _ = closing.changed() => return End::Close(RESTART),
            reason = &mut membership.handle.removed => return End::Close(reason.unwrap_or(TOO_SLOW)),
            Some(frame) = membership.handle.queue.recv() => Some(Message::Text(frame)),
            _ = ping.tick() => Some(Message::Ping(Default::default())),
            () = ready(()), if has_piece => membership.client.next_piece().map(Message::Binary),
            _ = pace.tick(), if membership.client.counts => {
                membership.send_due_numbers();
                None
            }
            () = sleep_until(ready_at.into()), if overdrawn => None,
            () = join_timeout(membership.join_until) => return End::Close(NOT_JOINED),
            incoming = timeout_at(silence, socket.recv()), if !overdrawn => {
                last_sign = tokio::time::Instant::now();
                match incoming {
                    Ok(Some(Ok(Message::Close(_))) | None) => return End::Gone,
                    Ok(Some(Ok(Message::Text(frame)))) => membership.take_text(&frame),
                    Ok(Some(Ok(Message::Binary(frame)))) => membership.take_binary(&frame),
                    Ok(Some(Ok(_))) => membership.client.rate_limit.spend(Instant::now(), 1),
                    Ok(Some(Err(_))) => return TOO_LARGE,
                    Err(_) => return SILENT,
                }
                None
            }
        };
        if let Some(message) = outgoing
            && let Err(end) = send(socket, membership, message).await
        {
            return end;
        }
    }
}

/// Sends a message, unless the client reads too slowly or the room removes it meanwhile.
async fn send(socket: &mut WebSocket, membership: &mut Membership, message: Message) -> Result<(), End> {
    tokio::select! {
        sent = timeout(SEND_TIMEOUT, socket.send(message)) => match sent {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(End::Close(TOO_SLOW)),
        },
        reason = &mut membership.handle.removed => Err(End::Close(reason.unwrap_or(TOO_SLOW))),
    }
}

/// Sends a close frame and waits for the client's.
async fn shake_hands(socket: &mut WebSocket, code: u16, reason: &str) {
    let frame = CloseFrame { code, reason: reason.into() };
    if socket.send(Message::Close(Some(frame))).await.is_err() {
        return;
    }
    loop {
        match socket.recv().await {
            Some(Ok(_)) => {}
            None => return,
            // After a frame that was too large nothing can be read. Ending TCP with bytes unread would reset it and lose
            // our close frame, so the connection stays open until `CLOSE_TIMEOUT`.
            Some(Err(_)) => std::future::pending().await,
        }
    }
}
