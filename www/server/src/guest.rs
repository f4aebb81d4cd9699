//! Somebody with a session. They have their place in the room for as long as it lives: over whatever lines it has, and over
//! restarts of the server.

use std::future::{Future, poll_fn, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use tokio::time::{interval, sleep_until};
use undrop_server::{Cause, Message, SendError, Session};

use crate::client::Client;
use crate::house::{Apartment, Seat};
use crate::room::{Dismissal, Stay, TOO_SLOW};
use crate::runs::PACE;
use crate::words::Key;

/// So many pieces of files are on their way at once, as what people say must not wait behind a whole file.
const PIECES: usize = 8;
/// The code of a session that the room ends: those of lines are not an app's to use.
const PUT_OUT: u16 = 4013;
const FORGOTTEN: Dismissal = (PUT_OUT, "this room has forgotten you");

pub struct Guest {
    seat: Seat,
    client: Client,
    /// The last message that was taken. One that was taken but not committed before a restart comes again.
    taken: u64,
}

/// How a conversation ends.
enum End {
    /// The session is over, or goes on with the next server.
    Over,
    /// We end it, for this reason.
    Close(Dismissal),
}

type Delivery = Pin<Box<dyn Future<Output = Result<(), SendError>> + Send>>;

/// Serves a session to its end, or to the server's.
pub async fn attend(mut session: Session, apartment: Arc<Apartment>, tab: Key) {
    let guest = if session.is_restored() {
        apartment.door.unpark(session.id()).ok_or(FORGOTTEN)
    } else {
        let guest = |seat| Guest { seat, client: Client::new(), taken: 0 };
        Apartment::enter(&apartment, tab, Stay::Session).map(guest)
    };
    let mut guest = match guest {
        Ok(guest) => guest,
        Err((_, reason)) => return session.close(PUT_OUT, reason),
    };
    if let End::Close((_, reason)) = converse(&mut session, &mut guest).await {
        session.close(PUT_OUT, reason);
    }
    if session.ending().is_some_and(|ending| ending.cause == Cause::Shutdown) {
        apartment.door.park(session.id(), guest);
    }
}

async fn converse(session: &mut Session, Guest { seat, client, taken }: &mut Guest) -> End {
    let mut beat = interval(PACE);
    let mut pieces = 0;
    let mut last_piece: Option<Delivery> = None;
    loop {
        let ready_at = client.allowance.ready_at(Instant::now());
        let overdrawn = ready_at > Instant::now();
        let is_read = last_piece.is_none();
        // The answer to who asked for a file goes before its pieces, and what people say between two of them.
        let has_piece = is_read && client.has_piece() && seat.place.mailbox.is_empty();
        let sent = tokio::select! {
            why = &mut seat.place.dismissal => return End::Close(why.unwrap_or(TOO_SLOW)),
            Some(frame) = seat.place.mailbox.recv() => session.send(frame.as_str()),
            arrived = arrival(&mut last_piece), if !is_read => {
                last_piece = None;
                arrived
            }
            () = ready(()), if has_piece => match client.next_piece() {
                Some(piece) if pieces + 1 < PIECES => {
                    pieces += 1;
                    session.send(piece)
                }
                Some(piece) => {
                    pieces = 0;
                    deliver(session, piece.into(), &mut last_piece).await
                }
                None => Ok(()),
            },
            _ = beat.tick(), if client.counts => {
                seat.count();
                Ok(())
            }
            () = sleep_until(ready_at.into()), if overdrawn => Ok(()),
            received = session.recv(), if !overdrawn => {
                let Some(received) = received else { return End::Over };
                if received.number > *taken {
                    *taken = received.number;
                    match &received.message {
                        Message::Text(frame) => client.take_text(seat, frame),
                        Message::Binary(frame) => client.take_binary(seat, frame),
                    }
                }
                if received.commit().await.is_err() {
                    return End::Over;
                }
                Ok(())
            }
        };
        match sent {
            Ok(()) => {}
            Err(SendError::Full) => return End::Close(TOO_SLOW),
            Err(SendError::Over) => return End::Over,
        }
    }
}

/// Sends a message now, and leaves behind what tells that it has arrived.
async fn deliver(session: &Session, message: Message, delivery: &mut Option<Delivery>) -> Result<(), SendError> {
    let sender = session.sender();
    let mut sending: Delivery = Box::pin(async move { sender.deliver(message).await });
    match poll_fn(|context| Poll::Ready(sending.as_mut().poll(context))).await {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => {
            *delivery = Some(sending);
            Ok(())
        }
    }
}

async fn arrival(delivery: &mut Option<Delivery>) -> Result<(), SendError> {
    match delivery {
        Some(delivery) => delivery.await,
        None => Ok(()),
    }
}
