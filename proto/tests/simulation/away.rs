//! I9: a server that is away for a while, and the client of one session, which has a limit of attempts or none. It never
//! comes faster than its own backoff, and never gives up before that would, whatever the server has asked for.

use undrop_proto::outbox::Bounds;
use undrop_proto::wire::{Control, Terms, Token, Welcome};
use undrop_proto::{Config, Connection, Event, Millis, Output, Policy, QueueOrSession, Retry, State};

use crate::law::{Law, Verdict};

/// From an attempt to its answer, in milliseconds.
const TRIP: u32 = 20;
/// Each client has randomness of its own.
const CLIENTS: u64 = if cfg!(debug_assertions) { 200 } else { 5_000 };

#[derive(Clone, Copy, Debug)]
struct Outage {
    /// For how long the server is away, in milliseconds.
    away: u32,
    /// What it asks of its clients; nothing if the client was never welcomed.
    spread: Option<u32>,
    /// The close code that the client gets.
    code: u16,
    retry: Retry,
}

/// What the client did.
#[derive(Debug, Default)]
struct Story {
    /// When its attempts began, from the end of the server on.
    attempts: Vec<u64>,
    /// When it gave up.
    gave_up: Option<u64>,
    is_back: bool,
}

fn outages() -> impl Iterator<Item = Outage> {
    let spreads = [None, Some(1), Some(5_000), Some(60_000)];
    let limits = [10, u32::MAX];
    let aways = [1_000, 10_000, 60_000];
    let codes = [1006, 1012, 1013];
    aways.into_iter().flat_map(move |away| {
        spreads.into_iter().flat_map(move |spread| {
            limits.into_iter().flat_map(move |limit| {
                let retry = Retry { limit, ..Retry::default() };
                codes.into_iter().map(move |code| Outage { away, spread, code, retry })
            })
        })
    })
}

#[test]
fn a_client_comes_no_faster_than_its_backoff_and_gives_up_no_earlier_whatever_the_spread() {
    for outage in outages() {
        let mut gave_up = 0;
        for seed in 0..CLIENTS {
            let story = judged(&outage, outage.retry, seed).unwrap_or_else(|violation| panic!("{violation}"));
            gave_up += u64::from(story.gave_up.is_some());
        }
        // Ten attempts take two minutes, on average.
        let few = if outage.away < 60_000 { 0 } else { CLIENTS / 20 };
        assert!(gave_up <= few, "{gave_up} of {CLIENTS} clients gave up: {outage:?}");
    }
}

#[test]
fn a_spread_that_takes_the_place_of_the_backoff() {
    let outage = Outage { away: 1_000, spread: Some(1), code: 1006, retry: Retry { limit: 10, ..Retry::default() } };
    let hasty = Retry { first: 1, ..outage.retry };
    let caught = (0..CLIENTS).find_map(|seed| judged(&outage, hasty, seed).err());
    println!("SpreadReplacesTheBackoff caught: {}", caught.as_ref().map_or("never".into(), ToString::to_string));
    assert!(caught.is_some_and(|violation| violation.law == Law::I9));
}

/// What a client that waits like this does, if it is what a client may do.
fn judged(outage: &Outage, waits: Retry, seed: u64) -> Verdict<Story> {
    let story = play(&Outage { retry: waits, ..*outage }, seed);
    // The same client of a server that asks for nothing.
    let own = play(&Outage { spread: outage.spread.map(|_| 0), code: 1006, ..*outage }, seed);
    let mut pairs = story.attempts.iter().zip(&own.attempts);
    let faster = pairs.position(|(attempt, own)| attempt < own);
    Law::I9.holds(faster.is_none(), || format!("{outage:?}: {:?}, faster than {:?}", story.attempts, own.attempts))?;
    let is_early = story.gave_up.is_some_and(|at| own.gave_up.is_none_or(|own| at < own));
    Law::I9
        .holds(!is_early, || format!("{outage:?}: gave up at {:?}, earlier than {:?}", story.gave_up, own.gave_up))?;
    Law::I4.holds(story.is_back || story.gave_up.is_some(), || format!("{outage:?}: stuck: {story:?}"))?;
    Ok(story)
}

/// The client loses its server at 0, and gets no answer until it is back.
fn play(outage: &Outage, seed: u64) -> Story {
    let mut client = Client::new(outage, seed);
    let start = client.now.0;
    let back = client.now + outage.away;
    let mut story = Story::default();
    client.connection.handle_closed(client.now, client.connection.attempt(), outage.code, outage.code != 1006);
    while client.connection.state() != State::Closed {
        if client.drain() {
            story.attempts.push(client.now.0 - start);
            let is_back = client.now >= back;
            client.now = client.now + TRIP;
            if is_back {
                client.welcome();
                story.is_back = client.connection.state() == State::Open;
                return story;
            }
            client.connection.handle_closed(client.now, client.connection.attempt(), 1006, false);
        } else if let Some(at) = client.connection.poll_timeout() {
            client.now = at;
            client.connection.handle_timeout(at);
        }
    }
    story.gave_up = Some(client.now.0 - start);
    story
}

struct Client {
    connection: Connection<u8, QueueOrSession<u8>>,
    now: Millis,
    spread: u32,
}

impl Client {
    /// One that has been open for long enough, or that never was.
    fn new(outage: &Outage, seed: u64) -> Self {
        let config = Config { policy: Policy::Retry(outage.retry), ..Config::default() };
        let connection = Connection::with_session(config, Some(Bounds::default()), Millis(0), seed);
        let mut client = Self { connection, now: Millis(0), spread: outage.spread.unwrap_or(0) };
        assert!(client.drain());
        if outage.spread.is_some() {
            client.welcome();
            client.drain();
            client.now = Millis(60_000);
        }
        client
    }

    /// The server answers.
    fn welcome(&mut self) {
        let attempt = self.connection.attempt();
        self.connection.handle_handshake(self.now, attempt, "undrop.1");
        self.drain();
        let terms = Terms { spread: self.spread, largest: u32::MAX };
        let welcome = Welcome { token: Token(1), time_to_live: 60_000, terms, lost: false };
        self.connection.handle_control(self.now, attempt, Ok(Control::Welcome(welcome)));
    }

    /// Whether an attempt begins.
    fn drain(&mut self) -> bool {
        let mut connects = false;
        while let Some(output) = self.connection.poll() {
            connects |= matches!(output, Output::Connect(_));
            assert!(!matches!(output, Output::Notify(Event::Error)) || self.connection.state() == State::Closed);
        }
        connects
    }
}
