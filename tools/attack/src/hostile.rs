//! The hostile clients. Each kind is one thing that a client can do to harm others.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::time::{Instant, sleep, sleep_until, timeout, timeout_at};

use crate::client::{
    self, BINARY, End, PING, TEXT, connect, frame, greet, head, header, open, open_session, shake_hands,
};
use crate::outcome::Outcome;

/// How long a hostile client waits before it connects again.
const PAUSE: Duration = Duration::from_millis(200);

/// What a hostile client does.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    /// In words, for the table's legend.
    pub(crate) does: &'static str,
    act: Act,
}

#[derive(Clone, Copy)]
enum Act {
    NoRequest,
    Slowloris,
    HeaderStuffing,
    NoSuchPath,
    NoGreeting,
    Silent,
    NeverAcknowledging,
    HalfOpen,
    Flood,
    Pings,
    Fragments,
    FragmentsAndPings,
    HugeHeader,
    LargeAndIdle,
    Pinning,
    SlowReading,
    Stuck,
    StuckAndEnded,
    Storm,
    Panic,
}

pub(crate) const KINDS: [Kind; 20] = [
    Kind { name: "no-request", does: "TCP connections without a request", act: Act::NoRequest },
    Kind { name: "slowloris", does: "a byte of the head at a time", act: Act::Slowloris },
    Kind { name: "header-stuffing", does: "heads of 14 and 200 KiB, then silence", act: Act::HeaderStuffing },
    Kind {
        name: "no-such-path",
        does: "asks for a WebSocket where there is none, and resets the connection",
        act: Act::NoSuchPath,
    },
    Kind { name: "no-greeting", does: "a WebSocket, and no greeting", act: Act::NoGreeting },
    Kind { name: "silent", does: "silent after `welcome`, the handler sends", act: Act::Silent },
    Kind {
        name: "never-acknowledging",
        does: "reads what the handler sends, acknowledges nothing",
        act: Act::NeverAcknowledging,
    },
    Kind { name: "half-open", does: "stops reading and writing in a conversation", act: Act::HalfOpen },
    Kind { name: "flood", does: "messages of 1 byte, as many as go", act: Act::Flood },
    Kind { name: "pings", does: "pings of both kinds, as many as go", act: Act::Pings },
    Kind { name: "fragments", does: "a message that never ends", act: Act::Fragments },
    Kind { name: "fragments-and-pings", does: "the same, with pings between", act: Act::FragmentsAndPings },
    Kind { name: "huge-header", does: "a frame's header: 1 TiB, or all that is allowed", act: Act::HugeHeader },
    Kind { name: "large-and-idle", does: "an echo of the largest message, then idle", act: Act::LargeAndIdle },
    Kind { name: "pinning", does: "a small message in each packet of pings, not committed", act: Act::Pinning },
    Kind { name: "slow-reading", does: "asks for large echoes, reads nothing", act: Act::SlowReading },
    Kind { name: "stuck", does: "floods a handler that never commits", act: Act::Stuck },
    Kind { name: "stuck-and-ended", does: "the same, then a violation, again and again", act: Act::StuckAndEnded },
    Kind { name: "storm", does: "reconnects with impossible counts and unknown tokens", act: Act::Storm },
    Kind { name: "panic", does: "makes the handler panic, again and again", act: Act::Panic },
];

impl Kind {
    /// Whether many addresses together use up the outboxes or the inboxes.
    pub(crate) fn fills_what_all_share(&self) -> bool {
        matches!(self.act, Act::Silent | Act::FragmentsAndPings | Act::SlowReading | Act::Stuck)
    }
}

struct Target {
    server: SocketAddr,
    until: Instant,
    tally: Mutex<BTreeMap<String, u64>>,
}

/// Attacks for so long, and prints what came of it, as `NUMBER WHAT` a line.
pub(crate) async fn attack(
    kind: &str,
    server: &str,
    connections: &str,
    addresses: &str,
    milliseconds: &str,
) -> Outcome<()> {
    let kind = KINDS.iter().find(|known| known.name == kind).ok_or("there is no such kind")?;
    let (connections, addresses): (u32, u32) = (connections.parse()?, addresses.parse()?);
    let until = Instant::now() + Duration::from_millis(milliseconds.parse()?);
    let target = Arc::new(Target { server: server.parse()?, until, tally: Mutex::default() });
    let mut clients = tokio::task::JoinSet::new();
    for number in 0..connections {
        let from = Ipv4Addr::from(u32::from(Ipv4Addr::new(127, 0, 1, 1)) + number % addresses);
        clients.spawn(persist(target.clone(), kind.act, from, number));
    }
    while clients.join_next().await.is_some() {}
    let tally = target.tally.lock().map_err(|_| "a hostile client panicked")?;
    for (what, count) in &*tally {
        println!("{count} {what}");
    }
    Ok(())
}

/// Connects again whenever the server has ended the connection.
async fn persist(target: Arc<Target>, act: Act, from: Ipv4Addr, number: u32) {
    while Instant::now() < target.until {
        let Err(end) = client(&target, act, from, number).await else { return };
        match end {
            End::Refused(status) => target.count(&format!("refused {status}")),
            End::Closed(code) => target.count(&format!("closed {code}")),
            End::Cut => target.count("cut"),
        }
        sleep_until(target.until.min(Instant::now() + PAUSE)).await;
    }
}

impl Target {
    fn count(&self, what: &str) {
        if let Ok(mut tally) = self.tally.lock() {
            *tally.entry(what.to_owned()).or_default() += 1;
        }
    }

    /// Waits until the attack is over, and reads meanwhile.
    async fn listen(&self, reader: client::Reader) -> Result<(), End> {
        timeout_at(self.until, reader.drain()).await.unwrap_or(Ok(()))
    }

    /// The same without reading. What the server has sent before it ended the connection is read at the end.
    async fn hold(&self, reader: client::Reader) -> Result<(), End> {
        sleep_until(self.until).await;
        timeout(Duration::from_millis(100), reader.drain()).await.unwrap_or(Ok(()))
    }

    /// Writes this again and again, until it is not taken any more or the attack is over.
    async fn repeat(&self, writer: &mut client::Writer, bytes: &[u8]) -> Result<(), End> {
        let writing = async {
            loop {
                writer.bytes(bytes).await?;
            }
        };
        timeout_at(self.until, writing).await.unwrap_or(Ok(()))
    }
}

async fn client(target: &Target, act: Act, from: Ipv4Addr, number: u32) -> Result<(), End> {
    let server = target.server;
    let largest = crate::small::MESSAGE_BYTES;
    let welcome = async |path: &str| {
        let opened = open_session(server, from, path).await?;
        target.count("accepted");
        Ok::<_, End>(opened)
    };
    match act {
        Act::NoRequest | Act::Slowloris => {
            let mut stream = connect(server, from).await?;
            target.count("accepted");
            let head = head("echo", 0);
            let bytes = head.bytes().filter(|_| matches!(act, Act::Slowloris));
            let writing = async {
                for byte in bytes {
                    stream.write_all(&[byte]).await?;
                    sleep(Duration::from_millis(100)).await;
                }
                let mut nothing = [0; 1];
                while tokio::io::AsyncReadExt::read(&mut stream, &mut nothing).await? > 0 {}
                Err(End::Cut)
            };
            timeout_at(target.until, writing).await.unwrap_or(Ok(()))
        }
        Act::HeaderStuffing => {
            let padding = if number.is_multiple_of(2) { 14_000 } else { 200_000 };
            let (reader, _writer) = shake_hands(connect(server, from).await?, &head("echo", padding)).await?;
            target.count("accepted");
            target.listen(reader).await
        }
        Act::NoSuchPath => {
            // The second is no URL.
            let head = head(if number.is_multiple_of(2) { "nothing" } else { "/" }, 0);
            if number % 4 < 2 {
                let (reader, _writer) = shake_hands(connect(server, from).await?, &head).await?;
                target.count("accepted");
                return target.listen(reader).await;
            }
            let mut stream = connect(server, from).await?;
            stream.write_all(head.as_bytes()).await?;
            sleep(Duration::from_millis(1)).await;
            stream.set_zero_linger()?;
            Err(End::Cut)
        }
        Act::NoGreeting => {
            let (reader, _writer) = open(server, from, "echo").await?;
            target.count("accepted");
            target.listen(reader).await
        }
        Act::Silent => {
            let (reader, _writer, _) = welcome("talk").await?;
            target.hold(reader).await
        }
        Act::NeverAcknowledging => {
            let (reader, _writer, _) = welcome("talk").await?;
            target.listen(reader).await
        }
        Act::HalfOpen => {
            let (mut reader, mut writer, _) = welcome("echo").await?;
            for _ in 0..5 {
                writer.say("hello").await?;
                reader.message().await?;
            }
            target.hold(reader).await
        }
        Act::Flood => {
            let (reader, mut writer, _) = welcome("echo").await?;
            let bytes = frame(TEXT, true, b"x").repeat(100);
            tokio::try_join!(target.repeat(&mut writer, &bytes), target.listen(reader)).map(|_| ())
        }
        Act::Pings => {
            let (reader, mut writer, _) = welcome("echo").await?;
            let bytes = [frame(PING, true, &[7; 120]), frame(TEXT, true, b"\x10ping 1")].concat().repeat(20);
            if number.is_multiple_of(2) {
                return tokio::try_join!(target.repeat(&mut writer, &bytes), target.listen(reader)).map(|_| ());
            }
            target.repeat(&mut writer, &bytes).await?;
            target.hold(reader).await
        }
        Act::Fragments | Act::FragmentsAndPings => {
            let (reader, mut writer, _) = welcome("echo").await?;
            let part = frame(BINARY, false, &vec![7; largest / 4]);
            let more = frame(0, false, &vec![7; largest / 4]);
            let ping = frame(PING, true, b"");
            let is_pinging = matches!(act, Act::FragmentsAndPings);
            for part in [&part, &more, &more] {
                writer.bytes(part).await?;
                if is_pinging {
                    writer.bytes(&ping).await?;
                }
            }
            if is_pinging {
                // A client that is heard is not asked whether it is there.
                let writing = async {
                    loop {
                        sleep(Duration::from_millis(500)).await;
                        writer.bytes(&ping).await?;
                    }
                };
                return tokio::select! { end = target.listen(reader) => end, end = writing => end };
            }
            target.listen(reader).await
        }
        Act::HugeHeader => {
            let (reader, mut writer, _) = welcome("echo").await?;
            let length = if number.is_multiple_of(2) { 1 << 40 } else { largest as u64 };
            writer.bytes(&header(BINARY, true, length)).await?;
            target.listen(reader).await
        }
        Act::LargeAndIdle => {
            let (mut reader, mut writer, _) = welcome("echo").await?;
            writer.bytes(&frame(BINARY, true, &vec![7; largest])).await?;
            while reader.message().await?.1.len() < largest {}
            writer.say("\u{10}ack 1").await?;
            target.listen(reader).await
        }
        Act::Pinning => {
            let (reader, mut writer, _) = welcome("stuck").await?;
            let mut bytes = frame(PING, true, &[7; 120]).repeat(31);
            bytes.extend(frame(TEXT, true, b"x"));
            let writing = async {
                loop {
                    writer.bytes(&bytes).await?;
                    sleep(Duration::from_millis(5)).await;
                }
            };
            tokio::select! { end = target.listen(reader) => end, end = writing => end }
        }
        Act::SlowReading => {
            let (reader, mut writer, _) = welcome("echo").await?;
            target.repeat(&mut writer, &frame(BINARY, true, &vec![7; largest / 2])).await?;
            target.hold(reader).await
        }
        Act::Stuck => {
            let (reader, mut writer, _) = welcome("stuck").await?;
            let size = if number.is_multiple_of(2) { 1 } else { 10_000 };
            let bytes = frame(BINARY, true, &vec![7; size]);
            tokio::try_join!(target.repeat(&mut writer, &bytes), target.listen(reader)).map(|_| ())
        }
        Act::StuckAndEnded => {
            let (reader, mut writer, _) = welcome("stuck").await?;
            for _ in 0..20 {
                writer.bytes(&frame(BINARY, true, &[7; 10_000])).await?;
            }
            writer.say("\u{10}nonsense").await?;
            target.listen(reader).await
        }
        Act::Storm => {
            let (reader, writer, token) = welcome("echo").await?;
            drop((reader, writer));
            for impossible in [true, false] {
                let token = if impossible { token.clone() } else { format!("{number:032x}") };
                let connection = open(server, from, "echo").await?;
                target.count("accepted");
                greet(connection, &format!("\u{10}resume {token} {} 0 2 0", if impossible { 1 << 50 } else { 0_u64 }))
                    .await?;
            }
            // Again at once.
            Err(End::Cut)
        }
        Act::Panic => {
            let (mut reader, mut writer, token) = welcome("panic").await?;
            let mut attempt = 1;
            loop {
                writer.say("poison").await?;
                let end = reader.drain().await;
                match end {
                    Err(End::Closed(code)) => target.count(&format!("closed {code}")),
                    _ => target.count("cut"),
                }
                sleep_until(target.until.min(Instant::now() + PAUSE)).await;
                if Instant::now() >= target.until {
                    return Ok(());
                }
                let connection = open(server, from, "panic").await?;
                target.count("accepted");
                attempt += 1;
                (reader, writer, _) = greet(connection, &format!("\u{10}resume {token} 0 0 {attempt} 0")).await?;
            }
        }
    }
}
