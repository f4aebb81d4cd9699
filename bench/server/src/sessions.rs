//! The same routes with sessions, which are kept in memory. Each message is committed together with its answers. Clients without
//! a session are served too.

use axum::response::Response;
use tokio::sync::broadcast::{Receiver, Sender, error::RecvError};
use undrop_server::{Config, Limits, Message, Origins, PlainConnections, Session, SessionUpgrade};

use crate::talk::{Answer, Talk};

/// The pages come from another server, and all clients have the same address.
pub fn config() -> Config {
    let limits = Limits::default().sessions_per_address(usize::MAX).handshake_burst(u32::MAX);
    Config::default().origins(Origins::Any).plain_connections(PlainConnections::Serve).limits(limits)
}

pub async fn talk(upgrade: SessionUpgrade) -> Response {
    upgrade.on_session(converse)
}

async fn converse(mut session: Session) {
    let mut talk = Talk::default();
    while let Some(received) = session.recv().await {
        let (answer, count) = match talk.handle(received.message.as_text()) {
            Answer::Nothing => (None, 0),
            Answer::Echo => (Some(received.message.clone()), 1),
            Answer::Send(message, count) => (Some(message), count),
            Answer::Close => return session.close(4000, "as asked"),
        };
        let answers = answer.into_iter().flat_map(|answer| std::iter::repeat_n(answer, count));
        if received.commit_with(answers).await.is_err() {
            return;
        }
    }
}

/// Sends each message to all members of the room.
pub async fn join(upgrade: SessionUpgrade, room: Sender<Message>) -> Response {
    let messages = room.subscribe();
    upgrade.on_session(|session| serve_member(session, room, messages))
}

async fn serve_member(mut session: Session, room: Sender<Message>, mut messages: Receiver<Message>) {
    loop {
        tokio::select! {
            received = session.recv() => {
                let Some(received) = received else { return };
                // It fails only in a room without members, and this is one.
                let _ = room.send(received.message.clone());
                if received.commit().await.is_err() { return }
            },
            message = messages.recv() => match message {
                Ok(message) => if session.send(message).is_err() { return },
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            },
        }
    }
}
