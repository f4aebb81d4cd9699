//! One connection through the proxy, from the client's TCP connection to the end on both sides.

use std::convert::Infallible;
use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncWriteExt as _, copy, sink};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::connections::{Connections, Entry};
use crate::handle::{CutOrder, Handle};
use crate::pipe::{Outcome, forward, queue, read};
use crate::settings::{Cut, Direction};

/// How a connection ends.
enum End {
    /// Both sides have ended it.
    Whole,
    Cut(Cut),
}

/// Forwards between `near`, the client, and `to`, the server, until the connection ends. Waits before that while `hanging`.
pub async fn run(
    mut near: TcpStream,
    to: SocketAddr,
    hanging: watch::Receiver<bool>,
    connections: Arc<Connections>,
    Entry { id, connection, mut cut_order }: Entry,
) {
    let mut far = None;
    let end = tokio::select! {
        biased;
        cut = ordered(&mut cut_order) => End::Cut(cut),
        end = live(&mut near, &mut far, to, hanging, &connection) => end,
        cut = idle(&connection) => End::Cut(cut),
    };
    connections.forget(id);
    let sides = [Some(near), far].into_iter().flatten();
    match end {
        End::Whole => {}
        End::Cut(Cut::Reset) => {
            for side in sides {
                let _ = side.set_zero_linger();
            }
        }
        End::Cut(Cut::Fin) => {
            for mut side in sides {
                let _ = side.shutdown().await;
                // A socket that is closed before all was read resets TCP, so it is kept until the other side ends too.
                tokio::spawn(async move { copy(&mut side, &mut sink()).await });
            }
        }
    }
}

async fn ordered(cut_order: &mut CutOrder) -> Cut {
    match cut_order.wait_for(Option::is_some).await.map(|cut| *cut) {
        Ok(Some(cut)) => cut,
        // The handle is gone, so no order can come.
        _ => pending().await,
    }
}

async fn live(
    near: &mut TcpStream,
    far: &mut Option<TcpStream>,
    to: SocketAddr,
    mut hanging: watch::Receiver<bool>,
    connection: &Handle,
) -> End {
    let (from_near, to_near) = near.split();
    let (up_in, up_out) = queue();
    let mut reading = Box::pin(read(from_near, up_in, connection, Direction::Up));
    tokio::select! {
        biased;
        _ = hanging.wait_for(|hanging| !hanging) => {}
        // The client has given up.
        () = &mut reading => return End::Whole,
    }
    let Ok(stream) = TcpStream::connect(to).await else { return End::Cut(Cut::Reset) };
    let _ = stream.set_nodelay(true);
    let (from_far, to_far) = far.insert(stream).split();
    let (down_in, down_out) = queue();

    let up = one_direction(reading, forward(to_far, up_out, connection, Direction::Up));
    let down = one_direction(
        read(from_far, down_in, connection, Direction::Down),
        forward(to_near, down_out, connection, Direction::Down),
    );
    match tokio::try_join!(up, down) {
        Ok((Outcome::Ended, Outcome::Ended)) => End::Whole,
        Ok(_) => End::Cut(Cut::Reset),
        Err(cut) => End::Cut(cut),
    }
}

/// Ends when all was written, however long before that the last was read.
async fn one_direction(
    reading: impl Future<Output = ()>,
    forwarding: impl Future<Output = Result<Outcome, Cut>>,
) -> Result<Outcome, Cut> {
    let reading = async {
        reading.await;
        pending::<Infallible>().await
    };
    tokio::select! {
        outcome = forwarding => outcome,
        never = reading => match never {},
    }
}

/// Resolves when nothing has passed for as long as the settings allow.
async fn idle(connection: &Handle) -> Cut {
    let mut changes = connection.changes();
    loop {
        let limit = changes.borrow_and_update().idle;
        let waiting = async {
            let Some(limit) = limit else { return pending().await };
            loop {
                // A limit that the clock cannot represent never ends.
                let Some(end) = connection.last_passed().checked_add(limit) else { return pending().await };
                if end <= Instant::now() {
                    return;
                }
                sleep_until(end).await;
            }
        };
        tokio::select! {
            () = waiting => return Cut::Fin,
            _ = changes.changed() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::handle::Traffic;
    use crate::settings::{Both, Change, DirectionSettings, Directions, Settings};
    use tokio::io::{AsyncReadExt as _, DuplexStream, duplex};

    /// One direction whose settings can be changed, on tokio's paused clock.
    struct Setup {
        connection: Arc<Handle>,
        sender: DuplexStream,
        receiver: DuplexStream,
    }

    impl Setup {
        fn new(settings: DirectionSettings) -> Self {
            let connection =
                Arc::new(Handle::new(Settings { directions: Both { up: settings, ..Both::default() }, idle: None }));
            let ((sender, from), (to, receiver)) = (duplex(1 << 20), duplex(1 << 20));
            let (shared, (entry, exit)) = (connection.clone(), queue());
            tokio::spawn(async move {
                let _ =
                    one_direction(read(from, entry, &shared, Direction::Up), forward(to, exit, &shared, Direction::Up))
                        .await;
            });
            Self { connection, sender, receiver }
        }

        async fn send(&mut self, bytes: &[u8]) {
            self.sender.write_all(bytes).await.unwrap();
        }

        async fn hear(&mut self, length: usize) -> Vec<u8> {
            let mut bytes = vec![0; length];
            self.receiver.read_exact(&mut bytes).await.unwrap();
            bytes
        }

        async fn receives_nothing_for(&mut self, time: Duration) {
            let heard = tokio::time::timeout(time, self.receiver.read_u8()).await;
            assert!(heard.is_err(), "heard {heard:?}");
        }
    }

    const SECOND: Duration = Duration::from_secs(1);

    fn delayed(latency: Duration) -> DirectionSettings {
        DirectionSettings { latency, ..DirectionSettings::default() }
    }

    #[tokio::test(start_paused = true)]
    async fn each_byte_arrives_as_late_as_the_latency_says_and_the_next_does_not_wait_for_it() {
        let mut setup = Setup::new(delayed(SECOND));
        let start = Instant::now();
        setup.send(b"a").await;
        tokio::time::sleep(SECOND / 2).await;
        setup.send(b"b").await;
        assert_eq!(setup.hear(1).await, b"a");
        assert_eq!(start.elapsed().as_millis(), 1_000);
        assert_eq!(setup.hear(1).await, b"b");
        assert_eq!(start.elapsed().as_millis(), 1_500);
    }

    #[tokio::test(start_paused = true)]
    async fn less_latency_lets_nothing_overtake() {
        let mut setup = Setup::new(delayed(SECOND));
        let start = Instant::now();
        setup.send(b"a").await;
        tokio::time::sleep(SECOND / 4).await;
        setup.connection.change(Change::Latency(Directions::Each, SECOND / 2));
        setup.send(b"b").await;
        assert_eq!(setup.hear(2).await, b"ab");
        assert_eq!(start.elapsed().as_millis(), 750, "what waits is let out on the settings of now");
    }

    #[tokio::test(start_paused = true)]
    async fn a_limited_rate_is_kept_over_the_whole() {
        let mut setup =
            Setup::new(DirectionSettings { rate: std::num::NonZeroU64::new(1_000), ..DirectionSettings::default() });
        let start = Instant::now();
        setup.send(&[7; 5_000]).await;
        setup.hear(2_501).await;
        assert!((2_480..=2_520).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
        setup.hear(2_499).await;
        assert!((4_960..=5_000).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_hole_takes_all_and_gives_nothing_until_it_ends() {
        let mut setup = Setup::new(DirectionSettings::default());
        setup.send(b"a").await;
        setup.hear(1).await;
        setup.connection.change(Change::Hole(Directions::One(Direction::Up), true));
        setup.send(b"bc").await;
        setup.sender.shutdown().await.unwrap();
        setup.receives_nothing_for(1_000_000 * SECOND).await;
        let Traffic { taken, passed } = setup.connection.traffic().up;
        assert_eq!((taken, passed), (3, 1));

        setup.connection.change(Change::Hole(Directions::One(Direction::Up), false));
        assert_eq!(setup.hear(2).await, b"bc");
        assert_eq!(setup.receiver.read(&mut [0]).await.unwrap(), 0, "the end comes last");
    }

    #[tokio::test(start_paused = true)]
    async fn a_hole_of_the_other_way_is_none_of_this_one() {
        let mut setup = Setup::new(DirectionSettings::default());
        setup.connection.change(Change::Hole(Directions::One(Direction::Down), true));
        setup.send(b"a").await;
        assert_eq!(setup.hear(1).await, b"a");
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_more_is_taken_when_a_hole_is_full() {
        let mut setup = Setup::new(DirectionSettings { hole: true, ..DirectionSettings::default() });
        let more = vec![1; 1 << 20];
        let mut sent = 0;
        while tokio::time::timeout(SECOND, setup.sender.write_all(&more)).await.is_ok() {
            sent += more.len();
        }
        assert!((64 << 20..80 << 20).contains(&sent), "{sent} bytes fit");
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_connection_is_cut_when_it_was_idle_long_enough_and_no_sooner() {
        let connection = Arc::new(Handle::new(Settings { idle: Some(2 * SECOND), ..Settings::default() }));
        let start = Instant::now();
        let cutting = tokio::spawn({
            let connection = connection.clone();
            async move { idle(&connection).await }
        });
        for _ in 0..5 {
            tokio::time::sleep(SECOND).await;
            connection.passed(Direction::Down, 1);
        }
        assert_eq!(cutting.await.unwrap(), Cut::Fin);
        assert_eq!(start.elapsed().as_millis(), 7_000);
    }
}
