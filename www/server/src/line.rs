//! One client's line, from its handshake to its end.

use std::collections::VecDeque;
use std::future::ready;
use std::time::{Duration, Instant};

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use tokio::time::{interval, sleep_until, timeout, timeout_at};

use crate::allowance::Allowance;
use crate::house::Seat;
use crate::piece::Download;
use crate::protocol::{Count, Refusal, Request};
use crate::room::{Dismissal, RESTART, TOO_SLOW};
use crate::runs::PACE;

/// A frame above this ends the line: what is in it is never even read.
pub const LARGEST_FRAME: usize = 1 << 20;
/// A text frame above this is answered with an error.
const LARGEST_MESSAGE: usize = 64 << 10;
/// So many bytes of a binary frame cost as much as one small message. What was sent behind a file, as a heartbeat, must not
/// wait for long.
const BYTES_A_UNIT: usize = 64 << 10;
/// As many files may be on their way to one client.
const DOWNLOADS: usize = 16;
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

/// Serves a client that has a seat until it goes, and tells one that has none why not.
pub async fn attend(mut socket: WebSocket, seat: Result<Seat, Dismissal>) {
    let (end, _witness) = match seat {
        Ok(mut seat) => {
            let end = converse(&mut socket, &mut seat).await;
            // The seat goes before the farewell, as nobody should stay in the list for a slow answer; its
            // witness stays, so that a server that ends waits for the farewell too.
            (end, Some(seat.closing.clone()))
        }
        Err(dismissal) => (End::Close(dismissal), None),
    };
    if let End::Close((code, reason)) = end {
        // Who does not answer in time is gone all the same.
        let _ = timeout(FAREWELL, part(&mut socket, code, reason)).await;
    }
}

async fn converse(socket: &mut WebSocket, seat: &mut Seat) -> End {
    let mut client = Client { allowance: Allowance::full(Instant::now()), downloads: VecDeque::new(), counts: false };
    let mut last_sign = tokio::time::Instant::now();
    let mut pulse = interval(PING_EVERY);
    let mut beat = interval(PACE);
    loop {
        let ready_at = client.allowance.ready_at(Instant::now());
        let overdrawn = ready_at > Instant::now();
        let silence = last_sign.max(ready_at.into()) + SILENCE;
        // The answer to who asked for a file goes before its pieces, and what people say between two of them.
        let has_piece = !client.downloads.is_empty() && seat.place.mailbox.is_empty();
        let outgoing = tokio::select! {
            _ = seat.closing.changed() => return End::Close(RESTART),
            why = &mut seat.place.dismissal => return End::Close(why.unwrap_or(TOO_SLOW)),
            Some(frame) = seat.place.mailbox.recv() => Some(Message::Text(frame)),
            _ = pulse.tick() => Some(Message::Ping(Default::default())),
            () = ready(()), if has_piece => client.next_piece(),
            _ = beat.tick(), if client.counts => {
                seat.count();
                None
            }
            () = sleep_until(ready_at.into()), if overdrawn => None,
            incoming = timeout_at(silence, socket.recv()), if !overdrawn => {
                last_sign = tokio::time::Instant::now();
                match incoming {
                    Ok(Some(Ok(Message::Close(_))) | None) => return End::Gone,
                    Ok(Some(Ok(message))) => client.take(seat, &message),
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

/// What this end knows of a client.
struct Client {
    allowance: Allowance,
    downloads: VecDeque<Download>,
    /// Whether it wants to be told numbers.
    counts: bool,
}

impl Client {
    /// Hands a message to the room, or tells the client why not.
    fn take(&mut self, seat: &Seat, message: &Message) {
        let now = Instant::now();
        match message {
            Message::Text(frame) if frame.len() > LARGEST_MESSAGE => {
                self.allowance.spend(now, 10);
                seat.hear(None, Err(Refusal::new("text-long", "a message has at most 64 KiB")));
            }
            Message::Text(frame) => {
                let (question, mut request) = Request::parse(frame);
                self.allowance.spend(now, request.as_ref().map_or(5, Request::cost));
                if let Ok(Request::Score(count)) = request {
                    self.counts = matches!(count, Count::Run(_));
                }
                if matches!(request, Ok(Request::Fetch { .. })) && self.downloads.len() == DOWNLOADS {
                    request = Err(Refusal::new("busy", "16 files are on their way already"));
                }
                self.downloads.extend(seat.hear(question, request));
            }
            Message::Binary(frame) => {
                let units = 1 + frame.len() / BYTES_A_UNIT;
                self.allowance.spend(now, u32::try_from(units).unwrap_or(u32::MAX));
                seat.receive(frame);
            }
            _ => self.allowance.spend(now, 1),
        }
    }

    /// A piece of the file that is on its way.
    fn next_piece(&mut self) -> Option<Message> {
        let frame = self.downloads.front_mut()?.next();
        if frame.is_none() {
            self.downloads.pop_front();
        }
        frame.map(Message::Binary)
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
