//! The server that is attacked, with the small configuration.

use axum::Router;
use axum::routing::any;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;
use undrop_server::{Message, SendError, Session, SessionUpgrade, Sessions, serve as serve_app};

use crate::outcome::Outcome;
use crate::small;

/// Prints its address, how much memory it lets its clients take, in all and from one address, and what its runtime takes beside
/// that: nothing. Serves until its standard input ends.
pub(crate) async fn serve() -> Outcome<()> {
    let (sessions, options) = (small::config(), small::serve_options());
    let worst_case = sessions.worst_case();
    let promised = worst_case.total() + options.worst_case();
    let promised_to_address = worst_case.per_address + options.worst_case_per_address();
    let sessions = Sessions::new(sessions);
    let app = Router::new()
        .route("/echo", any(|upgrade: SessionUpgrade| async { upgrade.on_session(echo) }))
        .route("/talk", any(|upgrade: SessionUpgrade| async { upgrade.on_session(talk) }))
        .route("/stuck", any(|upgrade: SessionUpgrade| async { upgrade.on_session(never_commit) }))
        .route("/panic", any(|upgrade: SessionUpgrade| async { upgrade.on_session(panic_when_asked) }))
        .with_state(sessions);
    // The panics are asked for by the thousand.
    std::panic::set_hook(Box::new(|_| {}));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{} {promised} {promised_to_address} 0", listener.local_addr()?);
    let input_ends = async {
        let _ = tokio::io::stdin().read(&mut [0]).await;
    };
    Ok(serve_app(listener, app, options, input_ends).await?)
}

async fn echo(mut session: Session) {
    while let Some(received) = session.recv().await {
        if received.commit_with([received.message.clone()]).await.is_err() {
            return;
        }
    }
}

/// Sends as much as the client's outbox takes, and again whenever it has taken some.
async fn talk(session: Session) {
    let message = Message::binary(vec![7; 4 << 10]);
    loop {
        while session.send(message.clone()).is_ok() {}
        if session.send("x") == Err(SendError::Over) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

/// Receives nothing, and stays when its session is over.
async fn never_commit(session: Session) {
    std::future::pending::<()>().await;
    drop(session);
}

#[allow(clippy::panic, reason = "it is what the hostile clients are after")]
async fn panic_when_asked(mut session: Session) {
    if session.recv().await.is_some() {
        panic!("as asked");
    }
}
