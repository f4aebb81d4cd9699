//! The well-behaved: sessions that send 100 messages a second each, and expect each of them back, once and in order.

#![allow(clippy::unwrap_used, reason = "nobody panics with a lock")]

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::sync::{mpsc, watch};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use crate::client::{self, End};
use crate::outcome::Outcome;

const SESSIONS: u32 = 50;
/// 100 a second.
const PAUSE: Duration = Duration::from_millis(10);
/// Where the first of them comes from, and the others from the next ones. No hostile client does.
const ADDRESS: Ipv4Addr = Ipv4Addr::new(127, 1, 1, 1);
/// A client acknowledges so many messages at once.
const ACKNOWLEDGE_EACH: u64 = 32;
/// How long the last answers may take, when nothing else is sent.
const LAST_ANSWERS: Duration = Duration::from_secs(20);

/// What happened since it was asked the last time.
#[derive(Default)]
struct Seen {
    microseconds: Vec<u32>,
    /// Sessions that have ended, or whose messages were not what they should be.
    ended: Vec<String>,
}

/// Prints `ready`, and for each line of its standard input what was seen since the last. When that ends, it waits for
/// the answers to all it has sent, and prints how many have not come.
pub(crate) async fn talk(server: &str) -> Outcome<()> {
    let server: SocketAddr = server.parse()?;
    let seen = Arc::<Mutex<Seen>>::default();
    let (stop, stopped) = watch::channel(false);
    let mut talking = Vec::new();
    for number in 0..SESSIONS {
        let address = Ipv4Addr::from(u32::from(ADDRESS) + number);
        let opened = client::open_session(server, address, "echo").await;
        let (reader, writer, _) = opened.map_err(|end| format!("a well-behaved client has no session: {end:?}"))?;
        talking.push(tokio::spawn(converse(reader, writer, seen.clone(), stopped.clone())));
    }
    println!("ready");
    let mut orders = BufReader::new(tokio::io::stdin()).lines();
    while orders.next_line().await?.is_some() {
        print(&seen);
    }
    stop.send(true)?;
    let mut lost = 0;
    for conversation in talking {
        lost += conversation.await?;
    }
    print(&seen);
    println!("lost {lost}");
    Ok(())
}

/// Returns how many messages have not come back.
async fn converse(
    mut reader: client::Reader,
    mut writer: client::Writer,
    seen: Arc<Mutex<Seen>>,
    mut stopped: watch::Receiver<bool>,
) -> u64 {
    let (sent, received) = (AtomicU64::new(0), AtomicU64::new(0));
    let underway = Mutex::new(VecDeque::new());
    let (answer, mut answers) = mpsc::unbounded_channel();
    let mut ticks = interval(PAUSE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let is_stopped = stopped.clone();
    let sending = async {
        loop {
            let text = tokio::select! {
                _ = ticks.tick(), if !*is_stopped.borrow() => {
                    underway.lock().unwrap().push_back(Instant::now());
                    (sent.fetch_add(1, Relaxed) + 1).to_string()
                }
                Some(answer) = answers.recv() => answer,
            };
            if let Err(error) = writer.say(&text).await {
                return format!("{:?}", End::from(error));
            }
        }
    };
    let receiving = async {
        loop {
            let text = match reader.text().await {
                Ok(text) => text,
                Err(end) => return format!("{end:?}"),
            };
            if let Some(number) = text.strip_prefix("\u{10}ping ") {
                let _ = answer.send(format!("\u{10}pong {number}"));
            }
            if text.starts_with('\u{10}') {
                continue;
            }
            let number = received.load(Relaxed) + 1;
            if text != number.to_string() {
                return format!("{text} came in the place of {number}");
            }
            received.store(number, Relaxed);
            if let Some(at) = underway.lock().unwrap().pop_front() {
                let took: Duration = Instant::elapsed(&at);
                seen.lock().unwrap().microseconds.push(u32::try_from(took.as_micros()).unwrap_or(u32::MAX));
            }
            if number.is_multiple_of(ACKNOWLEDGE_EACH) {
                let _ = answer.send(format!("\u{10}ack {number}"));
            }
        }
    };
    let last_answers = async {
        let _ = stopped.wait_for(|stopped| *stopped).await;
        let all_are_back = async {
            while received.load(Relaxed) < sent.load(Relaxed) {
                sleep(PAUSE).await;
            }
        };
        let _ = timeout(LAST_ANSWERS, all_are_back).await;
    };
    tokio::select! {
        end = sending => seen.lock().unwrap().ended.push(end),
        end = receiving => seen.lock().unwrap().ended.push(end),
        () = last_answers => {}
    }
    sent.load(Relaxed) - received.load(Relaxed)
}

/// `p50 MICROSECONDS p99 MICROSECONDS ended SESSIONS`, and a line on the standard error for each session that has ended.
fn print(seen: &Mutex<Seen>) {
    let Seen { mut microseconds, ended } = std::mem::take(&mut *seen.lock().unwrap());
    microseconds.sort_unstable();
    let at = |percent: usize| microseconds.get(microseconds.len() * percent / 100).copied().unwrap_or(0);
    println!("p50 {} p99 {} ended {}", at(50), at(99), ended.len());
    for end in ended {
        eprintln!("a well-behaved session has ended: {end}");
    }
}
