//! A client with a session. It is a member of the room for as long as the session lives, over any number of connections and
//! over restarts of the room.

use std::future::{Future, poll_fn, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use tokio::time::{interval, sleep_until};
use undrop_server::{Cause, Message, SendError, Session};

use crate::room::{CloseReason, Entrant, NOT_JOINED, TOO_SLOW};
use crate::runs::PACE;
use crate::shared_room::{SessionMember, SharedRoom, join_timeout};

/// The most pieces of files that are sent before one is acknowledged, as messages must not wait behind a whole file.
const PIECES: usize = 8;
/// The close code of a session that the room ends for a reason that is not the app's: those below 3000 an app may not use.
const REMOVED: u16 = 4013;
const FORGOTTEN: CloseReason = (REMOVED, "this room has forgotten you");

/// How a session ends.
enum End {
    /// The session is over, or continues with the next session manager.
    Over,
    /// We end it, for this reason.
    Close(CloseReason),
}

type Delivery = Pin<Box<dyn Future<Output = Result<(), SendError>> + Send>>;

/// Serves a session until it ends, or until its session manager shuts down.
pub async fn serve(mut session: Session, room: Arc<SharedRoom>, entrant: Entrant) {
    let member = if session.is_restored() {
        room.unpark(session.id()).ok_or(FORGOTTEN)
    } else {
        SharedRoom::enter(&room, entrant).map(|membership| SessionMember { membership, handled: 0 })
    };
    let mut member = match member {
        Ok(member) => member,
        Err(reason) => return close(&session, reason),
    };
    if let End::Close(reason) = run(&mut session, &mut member).await {
        close(&session, reason);
    }
    if session.ending().is_some_and(|ending| ending.cause == Cause::Shutdown) {
        room.park(session.id(), member);
    }
}

fn close(session: &Session, (code, reason): CloseReason) {
    session.close(if code < 3000 { REMOVED } else { code }, reason);
}

async fn run(session: &mut Session, SessionMember { membership, handled }: &mut SessionMember) -> End {
    let mut pace = interval(PACE);
    let mut pieces = 0;
    let mut last_piece: Option<Delivery> = None;
    loop {
        let ready_at = membership.client.rate_limit.ready_at(Instant::now());
        let overdrawn = ready_at > Instant::now();
        let is_acknowledged = last_piece.is_none();
        // The reply to a request for a file is sent before the file's pieces, and messages are sent between two pieces.
        let has_piece = is_acknowledged && membership.client.has_piece() && membership.handle.queue.is_empty();
        let sent = tokio::select! {
            reason = &mut membership.handle.removed => return End::Close(reason.unwrap_or(TOO_SLOW)),
            Some(frame) = membership.handle.queue.recv() => session.send(frame.as_str()),
            delivered = delivered(&mut last_piece), if !is_acknowledged => {
                last_piece = None;
                delivered
            }
            () = ready(()), if has_piece => match membership.client.next_piece() {
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
            _ = pace.tick(), if membership.client.counts => {
                membership.send_due_numbers();
                Ok(())
            }
            () = sleep_until(ready_at.into()), if overdrawn => Ok(()),
            () = join_timeout(membership.join_until) => return End::Close(NOT_JOINED),
            received = session.recv(), if !overdrawn => {
                let Some(received) = received else { return End::Over };
                // A message that was handled but not committed before a restart is delivered again.
                if received.number > *handled {
                    *handled = received.number;
                    match &received.message {
                        Message::Text(frame) => membership.take_text(frame),
                        Message::Binary(frame) => membership.take_binary(frame),
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
            Err(_) => return End::Over,
        }
    }
}

/// Sends a message now, and stores in `delivery` the future that resolves once the client has acknowledged it.
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

async fn delivered(delivery: &mut Option<Delivery>) -> Result<(), SendError> {
    match delivery {
        Some(delivery) => delivery.await,
        None => Ok(()),
    }
}
