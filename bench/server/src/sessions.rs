//! The same routes over sessions, kept in memory. Each message is committed, with what is said in answer to it. Who keeps
//! no session is served too.

use axum::response::Response;
use tokio::sync::broadcast::{Receiver, Sender, error::RecvError};
use undrop_server::{Config, Limits, Message, Origins, PlainConnections, Session, SessionUpgrade};

use crate::talk::{Answer, Talk};

/// A server whose pages are another server's, and whose clients are all of one address.
pub fn config() -> Config {
    let limits = Limits { sessions_per_address: usize::MAX, handshake_burst: u32::MAX, ..Limits::default() };
    Config { origins: Origins::Any, plain_connections: PlainConnections::Serve, limits, ..Config::default() }
}

pub async fn talk(upgrade: SessionUpgrade) -> Response {
    upgrade.on_session(converse)
}

async fn converse(mut session: Session) {
    let mut talk = Talk::default();
    while let Some(received) = session.recv().await {
        let (said, count) = match talk.hear(received.message.as_text()) {
            Answer::Nothing => (None, 0),
            Answer::Echo => (Some(received.message.clone()), 1),
            Answer::Say(said, count) => (Some(said), count),
            Answer::Bye => return session.close(4000, "as asked"),
        };
        let answers = said.into_iter().flat_map(|said| std::iter::repeat_n(said, count));
        if received.commit_with(answers).await.is_err() {
            return;
        }
    }
}

/// Hands each message to all that are in the room.
pub async fn enter(upgrade: SessionUpgrade, room: Sender<Message>) -> Response {
    let shouts = room.subscribe();
    upgrade.on_session(|session| stay(session, room, shouts))
}

async fn stay(mut session: Session, room: Sender<Message>, mut shouts: Receiver<Message>) {
    loop {
        tokio::select! {
            received = session.recv() => {
                let Some(received) = received else { return };
                // It fails when nobody is in the room, but here is one.
                let _ = room.send(received.message.clone());
                if received.commit().await.is_err() { return }
            },
            shout = shouts.recv() => match shout {
                Ok(message) => if session.send(message).is_err() { return },
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            },
        }
    }
}
