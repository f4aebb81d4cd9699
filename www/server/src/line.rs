//! One client's line, from its handshake to its end.

use std::future::ready;
use std::time::{Duration, Instant};

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use tokio::sync::watch;
use tokio::time::{interval, sleep_until, timeout, timeout_at};

use crate::client::Client;
use crate::house::Seat;
use crate::room::{Dismissal, RESTART, TOO_SLOW};
use crate::runs::PACE;

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
    Close(Dismissal),
}

/// There is no other error that a browser can cause.
const TOO_LARGE: End = End::Close((1009, "a message of more than 1 MiB"));
const SILENT: End = End::Close((1001, "no sign of life"));

/// Serves a client that has a seat until it goes, or until `closing` says that the server does.
pub async fn attend(mut socket: WebSocket, mut seat: Seat, mut closing: watch::Receiver<bool>) {
    let end = converse(&mut socket, &mut seat, &mut closing).await;
    // The seat goes before the farewell, as nobody should stay in the list for a slow answer; `closing` stays, so that a
    // server that ends waits for the farewell too.
    drop(seat);
    if let End::Close(dismissal) = end {
        dismiss(socket, dismissal).await;
    }
    drop(closing);
}

/// Tells a client why the line ends.
pub async fn dismiss(mut socket: WebSocket, (code, reason): Dismissal) {
    // Who does not answer in time is gone all the same.
    let _ = timeout(FAREWELL, part(&mut socket, code, reason)).await;
}

async fn converse(socket: &mut WebSocket, seat: &mut Seat, closing: &mut watch::Receiver<bool>) -> End {
    let mut client = Client::new();
    let mut last_sign = tokio::time::Instant::now();
    let mut pulse = interval(PING_EVERY);
    let mut beat = interval(PACE);
    loop {
        let ready_at = client.allowance.ready_at(Instant::now());
        let overdrawn = ready_at > Instant::now();
        let silence = last_sign.max(ready_at.into()) + SILENCE;
        // The answer to who asked for a file goes before its pieces, and what people say between two of them.
        let has_piece = client.has_piece() && seat.place.mailbox.is_empty();
        let outgoing = tokio::select! {
            _ = closing.changed() => return End::Close(RESTART),
            why = &mut seat.place.dismissal => return End::Close(why.unwrap_or(TOO_SLOW)),
            Some(frame) = seat.place.mailbox.recv() => Some(Message::Text(frame)),
            _ = pulse.tick() => Some(Message::Ping(Default::default())),
            () = ready(()), if has_piece => client.next_piece().map(Message::Binary),
            _ = beat.tick(), if client.counts => {
                seat.count();
                None
            }
            () = sleep_until(ready_at.into()), if overdrawn => None,
            incoming = timeout_at(silence, socket.recv()), if !overdrawn => {
                last_sign = tokio::time::Instant::now();
                match incoming {
                    Ok(Some(Ok(Message::Close(_))) | None) => return End::Gone,
                    Ok(Some(Ok(Message::Text(frame)))) => client.take_text(seat, &frame),
                    Ok(Some(Ok(Message::Binary(frame)))) => client.take_binary(seat, &frame),
                    Ok(Some(Ok(_))) => client.allowance.spend(Instant::now(), 1),
                    Ok(Some(Err(_))) => return TOO_LARGE,
                    Err(_) => return SILENT,
                }
                None
            }
        };
        if let Some(message) = outgoing
            && let Err(end) = send(socket, seat, message).await
        {
            return end;
        }
    }
}

/// Sends a message, unless the reader stalls or is put out meanwhile.
async fn send(socket: &mut WebSocket, seat: &mut Seat, message: Message) -> Result<(), End> {
    tokio::select! {
        sent = timeout(SEND, socket.send(message)) => match sent {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(End::Close(TOO_SLOW)),
        },
        why = &mut seat.place.dismissal => Err(End::Close(why.unwrap_or(TOO_SLOW))),
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
