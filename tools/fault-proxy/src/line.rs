//! One line through the proxy, from the client's connection to the end on both sides.

use std::convert::Infallible;
use std::future::pending;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use tokio::io::{AsyncWriteExt as _, copy, sink};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::lines::{Entry, Glance, Lines};
use crate::pipe::{Outcome, give, queue, take};
use crate::terms::{Both, Change, Cut, Terms, Way};

/// What others have of a line: its terms, its counters, and the means to cut it.
#[derive(Debug)]
pub struct Handle {
    terms: watch::Sender<Terms>,
    cut: watch::Sender<Option<Cut>>,
    taken: Both<AtomicU64>,
    passed: Both<AtomicU64>,
    talked: Mutex<Instant>,
}

impl Handle {
    pub fn new(terms: Terms) -> Self {
        Self {
            terms: watch::Sender::new(terms),
            cut: watch::Sender::new(None),
            taken: Both::default(),
            passed: Both::default(),
            talked: Mutex::new(Instant::now()),
        }
    }

    pub fn change(&self, change: Change) {
        self.terms.send_modify(|terms| terms.change(change));
    }

    /// Has the line cut; [`Handle::over`] tells when that is done.
    pub fn cut(&self, cut: Cut) {
        self.cut.send_replace(Some(cut));
    }

    /// Resolves when the line has been cut, or has ended otherwise.
    pub async fn over(&self) {
        self.cut.closed().await;
    }

    /// The orders to cut it, of whoever runs it; the line is over when this is dropped.
    pub fn orders(&self) -> Orders {
        self.cut.subscribe()
    }

    pub fn glance(&self) -> Both<Glance> {
        // What a receiver has already heard is counted by the time that the terms are free.
        let _terms = self.terms.borrow();
        let one = |way| Glance { taken: self.taken.of(way).load(Relaxed), passed: self.passed.of(way).load(Relaxed) };
        Both { up: one(Way::Up), down: one(Way::Down) }
    }

    /// Tells of changes of the terms.
    pub fn news(&self) -> watch::Receiver<Terms> {
        self.terms.subscribe()
    }

    /// Acts on the terms while nobody can change them; what passes meanwhile is to be counted meanwhile.
    pub fn on_terms<T>(&self, act: impl FnOnce(&mut Terms) -> Poll<T>) -> Poll<T> {
        let mut done = Poll::Pending;
        self.terms.send_if_modified(|terms| {
            done = act(terms);
            false
        });
        done
    }

    pub fn taken(&self, way: Way, length: usize) {
        self.taken.of(way).fetch_add(length as u64, Relaxed);
    }

    pub fn passed(&self, way: Way, length: usize) {
        self.passed.of(way).fetch_add(length as u64, Relaxed);
        *self.talked.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn talked(&self) -> Instant {
        *self.talked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub type Orders = watch::Receiver<Option<Cut>>;

/// How a line is over.
enum End {
    /// Both sides have ended it.
    Whole,
    Cut(Cut),
}

/// Leads `near` to `to` until it ends, once `hanging` is over.
pub async fn run(
    mut near: TcpStream,
    to: SocketAddr,
    hanging: watch::Receiver<bool>,
    lines: Arc<Lines>,
    Entry { id, line, mut orders }: Entry,
) {
    let mut far = None;
    let end = tokio::select! {
        biased;
        cut = ordered(&mut orders) => End::Cut(cut),
        end = live(&mut near, &mut far, to, hanging, &line) => end,
        cut = idle(&line) => End::Cut(cut),
    };
    lines.forget(id);
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

async fn ordered(orders: &mut Orders) -> Cut {
    match orders.wait_for(Option::is_some).await.map(|cut| *cut) {
        Ok(Some(cut)) => cut,
        // Nobody is left to give an order.
        _ => pending().await,
    }
}

async fn live(
    near: &mut TcpStream,
    far: &mut Option<TcpStream>,
    to: SocketAddr,
    mut hanging: watch::Receiver<bool>,
    line: &Handle,
) -> End {
    let (from_near, to_near) = near.split();
    let (up_in, up_out) = queue();
    let mut taking = Box::pin(take(from_near, up_in, line, Way::Up));
    tokio::select! {
        biased;
        _ = hanging.wait_for(|hanging| !hanging) => {}
        // A client that gives up is let go.
        () = &mut taking => return End::Whole,
    }
    let Ok(stream) = TcpStream::connect(to).await else { return End::Cut(Cut::Reset) };
    let _ = stream.set_nodelay(true);
    let (from_far, to_far) = far.insert(stream).split();
    let (down_in, down_out) = queue();

    let up = one_way(taking, give(to_far, up_out, line, Way::Up));
    let down = one_way(take(from_far, down_in, line, Way::Down), give(to_near, down_out, line, Way::Down));
    match tokio::try_join!(up, down) {
        Ok((Outcome::Ended, Outcome::Ended)) => End::Whole,
        Ok(_) => End::Cut(Cut::Reset),
        Err(cut) => End::Cut(cut),
    }
}

/// The way is over when all was given, however long ago the last was taken.
async fn one_way(
    taking: impl Future<Output = ()>,
    giving: impl Future<Output = Result<Outcome, Cut>>,
) -> Result<Outcome, Cut> {
    let taking = async {
        taking.await;
        pending::<Infallible>().await
    };
    tokio::select! {
        outcome = giving => outcome,
        never = taking => match never {},
    }
}

/// Resolves when nothing has passed for as long as the terms bear.
async fn idle(line: &Handle) -> Cut {
    let mut news = line.news();
    loop {
        let patience = news.borrow_and_update().idle;
        let waiting = async {
            let Some(patience) = patience else { return pending().await };
            loop {
                // A patience beyond all clocks is none that ends.
                let Some(end) = line.talked().checked_add(patience) else { return pending().await };
                if end <= Instant::now() {
                    return;
                }
                sleep_until(end).await;
            }
        };
        tokio::select! {
            () = waiting => return Cut::Fin,
            _ = news.changed() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::terms::{Passage, Ways};
    use tokio::io::{AsyncReadExt as _, DuplexStream, duplex};

    /// A way whose terms can be changed, on a clock that only waiting turns.
    struct Bench {
        line: Arc<Handle>,
        sender: DuplexStream,
        receiver: DuplexStream,
    }

    impl Bench {
        fn new(passage: Passage) -> Self {
            let line = Arc::new(Handle::new(Terms { ways: Both { up: passage, ..Both::default() }, idle: None }));
            let ((sender, from), (to, receiver)) = (duplex(1 << 20), duplex(1 << 20));
            let (shared, (entry, exit)) = (line.clone(), queue());
            tokio::spawn(async move {
                let _ = one_way(take(from, entry, &shared, Way::Up), give(to, exit, &shared, Way::Up)).await;
            });
            Self { line, sender, receiver }
        }

        async fn send(&mut self, bytes: &[u8]) {
            self.sender.write_all(bytes).await.unwrap();
        }

        async fn hear(&mut self, length: usize) -> Vec<u8> {
            let mut bytes = vec![0; length];
            self.receiver.read_exact(&mut bytes).await.unwrap();
            bytes
        }

        async fn hears_nothing_for(&mut self, time: Duration) {
            let heard = tokio::time::timeout(time, self.receiver.read_u8()).await;
            assert!(heard.is_err(), "heard {heard:?}");
        }
    }

    const SECOND: Duration = Duration::from_secs(1);

    fn delayed(latency: Duration) -> Passage {
        Passage { latency, ..Passage::default() }
    }

    #[tokio::test(start_paused = true)]
    async fn each_byte_arrives_as_late_as_the_latency_says_and_the_next_does_not_wait_for_it() {
        let mut bench = Bench::new(delayed(SECOND));
        let start = Instant::now();
        bench.send(b"a").await;
        tokio::time::sleep(SECOND / 2).await;
        bench.send(b"b").await;
        assert_eq!(bench.hear(1).await, b"a");
        assert_eq!(start.elapsed().as_millis(), 1_000);
        assert_eq!(bench.hear(1).await, b"b");
        assert_eq!(start.elapsed().as_millis(), 1_500);
    }

    #[tokio::test(start_paused = true)]
    async fn less_latency_lets_nothing_overtake() {
        let mut bench = Bench::new(delayed(SECOND));
        let start = Instant::now();
        bench.send(b"a").await;
        tokio::time::sleep(SECOND / 4).await;
        bench.line.change(Change::Latency(Ways::Each, SECOND / 2));
        bench.send(b"b").await;
        assert_eq!(bench.hear(2).await, b"ab");
        assert_eq!(start.elapsed().as_millis(), 750, "what waits is let out on the terms of now");
    }

    #[tokio::test(start_paused = true)]
    async fn a_limited_rate_is_kept_over_the_whole() {
        let mut bench = Bench::new(Passage { rate: std::num::NonZeroU64::new(1_000), ..Passage::default() });
        let start = Instant::now();
        bench.send(&[7; 5_000]).await;
        bench.hear(2_501).await;
        assert!((2_480..=2_520).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
        bench.hear(2_499).await;
        assert!((4_960..=5_000).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_hole_takes_all_and_gives_nothing_until_it_ends() {
        let mut bench = Bench::new(Passage::default());
        bench.send(b"a").await;
        bench.hear(1).await;
        bench.line.change(Change::Hole(Ways::One(Way::Up), true));
        bench.send(b"bc").await;
        bench.sender.shutdown().await.unwrap();
        bench.hears_nothing_for(1_000_000 * SECOND).await;
        let Glance { taken, passed } = bench.line.glance().up;
        assert_eq!((taken, passed), (3, 1));

        bench.line.change(Change::Hole(Ways::One(Way::Up), false));
        assert_eq!(bench.hear(2).await, b"bc");
        assert_eq!(bench.receiver.read(&mut [0]).await.unwrap(), 0, "the end comes last");
    }

    #[tokio::test(start_paused = true)]
    async fn a_hole_of_the_other_way_is_none_of_this_one() {
        let mut bench = Bench::new(Passage::default());
        bench.line.change(Change::Hole(Ways::One(Way::Down), true));
        bench.send(b"a").await;
        assert_eq!(bench.hear(1).await, b"a");
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_more_is_taken_when_a_hole_is_full() {
        let mut bench = Bench::new(Passage { hole: true, ..Passage::default() });
        let more = vec![1; 1 << 20];
        let mut sent = 0;
        while tokio::time::timeout(SECOND, bench.sender.write_all(&more)).await.is_ok() {
            sent += more.len();
        }
        assert!((64 << 20..80 << 20).contains(&sent), "{sent} bytes fit");
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_line_is_cut_when_it_was_idle_long_enough_and_no_sooner() {
        let line = Arc::new(Handle::new(Terms { idle: Some(2 * SECOND), ..Terms::default() }));
        let start = Instant::now();
        let cutting = tokio::spawn({
            let line = line.clone();
            async move { idle(&line).await }
        });
        for _ in 0..5 {
            tokio::time::sleep(SECOND).await;
            line.passed(Way::Down, 1);
        }
        assert_eq!(cutting.await.unwrap(), Cut::Fin);
        assert_eq!(start.elapsed().as_millis(), 7_000);
    }
}
