//! 100,000 clients lose their server in the same moment. What the restarted one has to bear is decided by what each of
//! them does alone, so they are the real connections, each with a seed of its own, in one virtual time.

use std::fmt;

use undrop_proto::{Attempt, Config, Connection, Millis, Output, Policy, Retry, State};

use crate::network::Network;
use crate::random::Random;

const CLIENTS: u32 = 100_000;

/// From an attempt to its answer, or from the end of the server to the client's hearing of it, in milliseconds.
const TRIP: u32 = 50;

/// A server that ends at 0.
struct Outage {
    name: &'static str,
    /// The close code that its clients get.
    code: u16,
    /// When it is back, in milliseconds.
    back: u64,
    /// How many attempts it then accepts within a second; those beyond are refused.
    accepts: u32,
}

const RESTART: Outage = Outage { name: "restart, 0.5 s", code: 1006, back: 500, accepts: u32::MAX };
const OUTAGE: Outage = Outage { name: "outage, 10 s, then 5,000/s", code: 1006, back: 10_000, accepts: 5_000 };

struct Report {
    name: &'static str,
    code: u16,
    attempts: usize,
    /// Within any second.
    peak: usize,
    /// Within any second after the server's return.
    met: usize,
    /// From the server's return, in milliseconds.
    most: u64,
    all: u64,
}

#[test]
fn a_restart_is_not_an_attack() {
    let report = lose_server(&RESTART);
    println!("{report}");
    assert!(report.peak <= 25_000, "{report}");
}

#[test]
fn an_outage_is_over_within_21_seconds_for_nine_in_ten() {
    let report = lose_server(&OUTAGE);
    println!("{report}");
    assert!(report.most <= 21_000, "{report}");
}

#[test]
fn a_server_that_says_that_it_restarts_is_given_time() {
    let restart = lose_server(&Outage { code: 1012, ..RESTART });
    println!("{restart}");
    assert!(restart.peak <= 5_000, "{restart}");
    let outage = lose_server(&Outage { code: 1012, ..OUTAGE });
    println!("{outage}");
    assert!(outage.most <= 21_000, "{outage}");
}

/// What happens to a client.
enum What {
    Accepted(u32),
    Refused(u32),
    Timer,
}

struct Clients<'a> {
    outage: &'a Outage,
    connections: Vec<Connection<u64>>,
    /// To whom it happens, and what.
    net: Network<(u32, What)>,
    attempts: Vec<u64>,
    /// Attempts accepted within the second that began then.
    second: (u64, u32),
    /// When each of those that are back came back.
    returns: Vec<u64>,
}

fn lose_server(outage: &Outage) -> Report {
    let retry = Retry::default();
    let config = Config { policy: Policy::Retry(retry), ..Config::default() };
    let mut clients = Clients {
        outage,
        connections: Vec::new(),
        net: Network::new(0, Random::new(1)),
        attempts: Vec::new(),
        second: (0, 0),
        returns: Vec::new(),
    };
    // They have been open for long enough.
    let opened = Millis(0);
    let ended = u64::from(retry.reset_after) * 2;
    for _ in 0..CLIENTS {
        let mut connection = Connection::new(config, opened, clients.net.random.draw());
        connection.handle_opened(opened, connection.attempt());
        while connection.poll().is_some() {}
        clients.connections.push(connection);
    }
    for client in 0..CLIENTS {
        let at = ended + u64::from(clients.net.random.below(TRIP));
        clients.net.at(at, (client, What::Refused(1)));
    }
    clients.run(ended);
    clients.report(ended)
}

impl Clients<'_> {
    fn run(&mut self, ended: u64) {
        while let Some((client, what)) = self.net.take() {
            let now = self.net.millis();
            let connection = &mut self.connections[client as usize];
            match what {
                What::Accepted(attempt) => {
                    connection.handle_opened(now, Attempt(attempt));
                    assert_eq!(connection.state(), State::Open);
                    self.returns.push(now.0);
                }
                What::Refused(attempt) => {
                    let code = if connection.state() == State::Open { self.outage.code } else { 1006 };
                    connection.handle_closed(now, Attempt(attempt), code, code != 1006);
                }
                What::Timer => connection.handle_timeout(now),
            }
            let mut attempted = None;
            while let Some(output) = connection.poll() {
                if let Output::Connect(attempt) = output {
                    attempted = Some(attempt.0);
                }
            }
            match attempted {
                Some(attempt) => self.attempt(now.0, ended, client, attempt),
                // While it attempts the answer comes before the time is up.
                None => {
                    if let Some(due) = connection.poll_timeout() {
                        self.net.at(due.0, (client, What::Timer));
                    }
                }
            }
        }
    }

    fn attempt(&mut self, now: u64, ended: u64, client: u32, attempt: u32) {
        self.attempts.push(now);
        let back = ended + self.outage.back;
        let answer = if now >= back && self.accepts(now - back) { What::Accepted } else { What::Refused };
        let trip = u64::from(TRIP / 2 + self.net.random.below(TRIP));
        self.net.at(now + trip, (client, answer(attempt)));
    }

    fn accepts(&mut self, now: u64) -> bool {
        let second = now / 1_000;
        if self.second.0 != second {
            self.second = (second, 0);
        }
        self.second.1 += 1;
        self.second.1 <= self.outage.accepts
    }

    fn report(&mut self, ended: u64) -> Report {
        let back = ended + self.outage.back;
        assert_eq!(self.returns.len(), CLIENTS as usize, "somebody did not come back");
        let most = self.returns[CLIENTS as usize * 9 / 10 - 1] - back;
        let all = self.returns[CLIENTS as usize - 1] - back;
        let within_a_second =
            |(index, at): (usize, &u64)| self.attempts[index..].iter().take_while(|other| **other < at + 1_000).count();
        // Every hundredth attempt begins a second that is looked at: they are 5 ms apart at most when it matters.
        let seconds = self.attempts.iter().enumerate().step_by(100).map(within_a_second);
        let peak = seconds.clone().max().unwrap_or_default();
        let away = self.attempts.iter().take_while(|at| **at < back).count();
        let met = seconds.skip(away.div_ceil(100)).max().unwrap_or_default();
        let Outage { name, code, .. } = *self.outage;
        Report { name, code, attempts: self.attempts.len(), peak, met, most, all }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { name, code, attempts, peak, met, most, all } = self;
        let [most, all] = [most, all].map(|millis| *millis as f64 / 1_000.0);
        write!(
            f,
            "{name:<27} code {code}: {attempts:>7} attempts, at most {peak:>6} a second, {met:>6} met by the \
             server, 90 % back after {most:>4.1} s, all after {all:>4.1} s"
        )
    }
}
