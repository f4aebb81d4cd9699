//! Native sockets as the browser has them, and the server that they reach: what is under way, and what the next attempt
//! meets.

use undrop_proto::Attempt;

use super::input::Input;
use super::scenario::Conditions;
use super::world::Event;
use crate::network::{self, Way};

type Network = network::Network<Event>;

pub struct Sockets {
    pub conditions: Conditions,
    /// The server does not answer heartbeats.
    pub mute: bool,
    pub latency: u64,
    /// The attempt that there was no URL for: nothing to abandon, but no harm either.
    pub without_url: Option<Attempt>,
    /// The one socket that a driver holds.
    held: Option<Socket>,
    /// The last few attempts whose sockets are gone, the latest last.
    pub past: Vec<Attempt>,
}

struct Socket {
    attempt: Attempt,
    stage: Stage,
    /// Its error event has been heard: it is as good as closed.
    failed: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stage {
    /// The URL is being found; there is no socket yet.
    FindingUrl,
    Connecting,
    Open,
    Closing,
}

impl Sockets {
    pub fn new(latency: u32) -> Self {
        Self {
            conditions: Conditions::Fine,
            mute: false,
            latency: u64::from(latency),
            without_url: None,
            held: None,
            past: Vec::new(),
        }
    }

    /// The attempt whose socket is held.
    pub fn live(&self) -> Option<Attempt> {
        self.held.as_ref().map(|socket| socket.attempt)
    }

    pub fn stage(&self) -> Option<Stage> {
        self.held.as_ref().map(|socket| socket.stage)
    }

    /// Whether the socket's `readyState` is past `OPEN` by then, though its close event has not had its turn.
    pub fn is_ending(&self, net: &Network, by: u64) -> bool {
        self.held.as_ref().is_some_and(|socket| socket.failed || closes(net, socket.attempt).any(|at| at <= by))
    }

    pub fn is_silent(&self, net: &Network) -> bool {
        self.live().is_some_and(|attempt| net.is_cut(attempt))
    }

    /// An attempt that is long over.
    pub fn oldest(&self) -> Attempt {
        self.past.first().copied().unwrap_or_default()
    }

    /// Makes a socket. False if there is no URL for it, which then is said at once.
    pub fn connect(&mut self, net: &mut Network, attempt: Attempt) -> bool {
        net.connect(attempt, 0);
        self.held = Some(Socket { attempt, stage: Stage::Connecting, failed: false });
        let opens = net.now + 2 * self.latency;
        match self.conditions {
            Conditions::Fine => self.deliver(net, opens, Input::Opened(attempt)),
            Conditions::Slow(span) => self.deliver(net, net.now + u64::from(span), Input::Opened(attempt)),
            Conditions::Refusing => {
                let choices = [self.latency, 0, 2_000];
                let after = net.random.pick(&choices);
                self.fail(net, net.now + after, 1006, false);
            }
            Conditions::Hanging => {}
            Conditions::Closing(code) => {
                self.deliver(net, opens, Input::Opened(attempt));
                let after = net.random.pick(&[0, 5, 300, 6_000]);
                self.fail(net, opens + after, code, code != 1006);
            }
            Conditions::Silent => {
                self.deliver(net, opens, Input::Opened(attempt));
                net.cut(attempt, true);
            }
            Conditions::NoUrl => return false,
            Conditions::LateNoUrl(span) => {
                self.set_stage(Stage::FindingUrl);
                self.deliver(net, net.now + u64::from(span), Input::NoUrl(attempt));
            }
        }
        true
    }

    /// Forgets the socket. What it had under way may still turn up, and so may its end.
    pub fn abandon(&mut self, net: &mut Network) {
        if net.random.one_in(2) {
            let after = net.random.pick(&[0, 1, 900, 60_000]);
            self.fail(net, net.now + after, 1006, false);
        }
        self.forget();
    }

    /// The page calls `close()` on the socket.
    pub fn close(&mut self, net: &mut Network) {
        let Some(socket) = self.held.as_mut().filter(|socket| !socket.failed) else { return };
        let (attempt, stage, now) = (socket.attempt, socket.stage, net.now);
        socket.stage = Stage::Closing;
        match stage {
            Stage::Connecting => {
                net.retain(attempt, Way::Down, |_, _| false);
                self.fail(net, now, 1006, false);
            }
            Stage::Open if self.is_silent(net) || net.random.one_in(8) => {
                // Chromium fires `close` 60 s after `close()` into a black hole.
                self.fail(net, now + 60_000, 1006, false);
            }
            Stage::Open => {
                let code = net.random.pick(&[1000, 1005, 4000]);
                self.fail(net, now + 2 * self.latency, code, true);
            }
            Stage::Closing | Stage::FindingUrl => {}
        }
    }

    /// The connection ends, and with it some of what was under way. How much that was.
    pub fn cut(&mut self, net: &mut Network, code: u16, clean: bool) -> u64 {
        let lost = self.lose_some(net);
        let clean = clean && self.stage() == Some(Stage::Open);
        self.fail(net, net.now + self.latency, code, clean);
        lost
    }

    /// From now on nothing gets through. How much of what was under way didn't.
    pub fn silence(&mut self, net: &mut Network) -> u64 {
        if let Some(attempt) = self.live() {
            net.cut(attempt, true);
        }
        self.lose_some(net)
    }

    /// What is silent speaks again.
    pub fn thaw(&mut self, net: &mut Network) {
        if let Some(attempt) = self.live() {
            net.cut(attempt, false);
        }
    }

    /// The server sends something; of no effect if it has no connection that works.
    pub fn serve(&mut self, net: &mut Network, delay: u64, make: impl FnOnce(Attempt) -> Input) {
        if let Some(attempt) = self.live().filter(|_| self.stage() == Some(Stage::Open)) {
            net.send(attempt, Way::Down, delay + self.latency, Event::Told(make(attempt)));
        }
    }

    /// The server got a heartbeat.
    pub fn serve_pong(&mut self, net: &mut Network) {
        if !self.mute {
            self.serve(net, self.latency, Input::Reply);
        }
    }

    /// The server got a message.
    pub fn serve_echo(&mut self, net: &mut Network) {
        if net.random.one_in(4) {
            self.serve(net, self.latency, |attempt| Input::Message(attempt, 7));
        }
    }

    /// A socket that is held says this: what the browser knows changes with it.
    pub fn heard(&mut self, input: Input) {
        match input {
            Input::Opened(_) => self.set_stage(Stage::Open),
            Input::Error(_) => {
                if let Some(socket) = &mut self.held {
                    socket.failed = true;
                }
            }
            Input::Closed(..) => self.forget(),
            Input::NoUrl(attempt) => {
                self.without_url = Some(attempt);
                self.forget();
            }
            _ => {}
        }
    }

    fn set_stage(&mut self, stage: Stage) {
        if let Some(socket) = &mut self.held {
            socket.stage = stage;
        }
    }

    fn forget(&mut self) {
        if let Some(socket) = self.held.take() {
            if self.past.len() > 5 {
                self.past.remove(0);
            }
            self.past.push(socket.attempt);
        }
    }

    fn fail(&mut self, net: &mut Network, at: u64, code: u16, clean: bool) {
        let Some(attempt) = self.live().filter(|_| self.stage() != Some(Stage::FindingUrl)) else { return };
        // Not every broken connection has an error event, see a frame header of 1 TiB in Chromium.
        if !clean && !net.random.one_in(4) {
            self.deliver(net, at, Input::Error(attempt));
        }
        self.deliver(net, at, Input::Closed(attempt, code, clean));
    }

    fn deliver(&mut self, net: &mut Network, at: u64, input: Input) {
        if let Some(attempt) = self.live() {
            net.deliver(attempt, Way::Down, at, Event::Told(input));
        }
    }

    fn lose_some(&mut self, net: &mut Network) -> u64 {
        let Some(attempt) = self.live() else { return 0 };
        let lost = net.lose_some(attempt, Way::Down);
        // No socket has an error event without an end.
        if closes(net, attempt).next().is_none() {
            net.retain(attempt, Way::Down, |_, event| !matches!(event, Event::Told(Input::Error(_))));
        }
        lost
    }
}

/// When the socket of this attempt is heard to close.
fn closes(net: &Network, attempt: Attempt) -> impl Iterator<Item = u64> {
    let under_way = net.under_way(attempt, Way::Down);
    under_way.filter(|(_, event)| matches!(event, Event::Told(Input::Closed(..)))).map(|(at, _)| at)
}
