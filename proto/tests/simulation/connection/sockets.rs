//! Native sockets as the browser has them, and the server that they reach: what is under way, and what the next attempt
//! meets.

use undrop_proto::Attempt;

use super::input::Input;
use super::scenario::Conditions;
use crate::network::{Network, Way};
use crate::random::Random;

pub struct Sockets {
    pub network: Network<Input>,
    pub conditions: Conditions,
    /// The server does not answer heartbeats.
    pub mute: bool,
    pub latency: u64,
    /// The attempt that there was no URL for: nothing to abandon, but no harm either.
    pub without_url: Option<Attempt>,
    /// The one socket that a driver holds.
    held: Option<Socket>,
    /// The attempts whose sockets are gone, the latest last.
    past: Vec<Attempt>,
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
    pub fn new(latency: u32, now: u64, random: Random) -> Self {
        Self {
            network: Network::new(now, random),
            conditions: Conditions::Fine,
            mute: false,
            latency: u64::from(latency),
            without_url: None,
            held: None,
            past: Vec::new(),
        }
    }

    pub fn now(&self) -> u64 {
        self.network.now
    }

    pub fn random(&mut self) -> &mut Random {
        &mut self.network.random
    }

    /// The attempt whose socket is held.
    pub fn live(&self) -> Option<Attempt> {
        self.held.as_ref().map(|socket| socket.attempt)
    }

    pub fn stage(&self) -> Option<Stage> {
        self.held.as_ref().map(|socket| socket.stage)
    }

    /// Whether the socket's `readyState` is past `OPEN`, though its close event has not had its turn.
    pub fn is_ending(&self) -> bool {
        let Some(socket) = &self.held else { return false };
        let now = self.now();
        let closes = |(at, input): (u64, &Input)| at <= now && matches!(input, Input::Closed(..));
        socket.failed || self.network.under_way(socket.attempt, Way::Down).any(closes)
    }

    pub fn is_silent(&self) -> bool {
        self.live().is_some_and(|attempt| self.network.is_cut(attempt))
    }

    /// The last few attempts whose sockets are gone.
    pub fn past(&self) -> &[Attempt] {
        &self.past
    }

    /// An attempt that is long over.
    pub fn oldest(&self) -> Attempt {
        self.past.first().copied().unwrap_or_default()
    }

    /// Makes a socket. False if there is no URL for it, which then is said at once.
    pub fn connect(&mut self, attempt: Attempt) -> bool {
        self.network.connect(attempt, 0);
        self.held = Some(Socket { attempt, stage: Stage::Connecting, failed: false });
        let opens = self.now() + 2 * self.latency;
        match self.conditions {
            Conditions::Fine => self.deliver(opens, Input::Opened(attempt)),
            Conditions::Slow(span) => self.deliver(self.now() + u64::from(span), Input::Opened(attempt)),
            Conditions::Refusing => {
                let choices = [self.latency, 0, 2_000];
                let after = self.random().pick(&choices);
                self.fail(self.now() + after, 1006, false);
            }
            Conditions::Hanging => {}
            Conditions::Closing(code) => {
                self.deliver(opens, Input::Opened(attempt));
                let after = self.random().pick(&[0, 5, 300, 6_000]);
                self.fail(opens + after, code, code != 1006);
            }
            Conditions::Silent => {
                self.deliver(opens, Input::Opened(attempt));
                self.network.cut(attempt, true);
            }
            Conditions::NoUrl => return false,
            Conditions::LateNoUrl(span) => {
                self.set_stage(Stage::FindingUrl);
                self.deliver(self.now() + u64::from(span), Input::NoUrl(attempt));
            }
        }
        true
    }

    /// Forgets the socket. What it had under way may still turn up, and so may its end.
    pub fn abandon(&mut self) {
        if self.random().one_in(2) {
            let after = self.random().pick(&[0, 1, 900, 60_000]);
            self.fail(self.now() + after, 1006, false);
        }
        self.forget();
    }

    /// The page calls `close()` on the socket.
    pub fn close(&mut self) {
        let Some(socket) = self.held.as_mut().filter(|socket| !socket.failed) else { return };
        let (attempt, stage, now) = (socket.attempt, socket.stage, self.network.now);
        socket.stage = Stage::Closing;
        match stage {
            Stage::Connecting => {
                self.network.retain(attempt, Way::Down, |_, _| false);
                self.fail(now, 1006, false);
            }
            Stage::Open if self.is_silent() || self.random().one_in(8) => {
                // Chromium fires `close` 60 s after `close()` into a black hole.
                self.fail(now + 60_000, 1006, false);
            }
            Stage::Open => {
                let code = self.random().pick(&[1000, 1005, 4000]);
                self.fail(now + 2 * self.latency, code, true);
            }
            Stage::Closing | Stage::FindingUrl => {}
        }
    }

    /// The connection ends, and with it some of what was under way. How much that was.
    pub fn cut(&mut self, code: u16, clean: bool) -> u64 {
        let lost = self.lose_some();
        let clean = clean && self.stage() == Some(Stage::Open);
        self.fail(self.now() + self.latency, code, clean);
        lost
    }

    /// From now on nothing gets through. How much of what was under way didn't.
    pub fn silence(&mut self) -> u64 {
        if let Some(attempt) = self.live() {
            self.network.cut(attempt, true);
        }
        self.lose_some()
    }

    /// What is silent speaks again.
    pub fn thaw(&mut self) {
        if let Some(attempt) = self.live() {
            self.network.cut(attempt, false);
        }
    }

    /// The server sends something; of no effect if it has no connection that works.
    pub fn serve(&mut self, delay: u64, make: impl FnOnce(Attempt) -> Input) {
        if let Some(attempt) = self.live().filter(|_| self.stage() == Some(Stage::Open)) {
            self.network.send(attempt, Way::Down, delay + self.latency, make(attempt));
        }
    }

    /// The server got a heartbeat.
    pub fn serve_pong(&mut self) {
        if !self.mute {
            self.serve(self.latency, Input::Reply);
        }
    }

    /// The server got a message.
    pub fn serve_echo(&mut self) {
        if self.random().one_in(4) {
            self.serve(self.latency, |attempt| Input::Message(attempt, 7));
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

    fn fail(&mut self, at: u64, code: u16, clean: bool) {
        let Some(attempt) = self.live().filter(|_| self.stage() != Some(Stage::FindingUrl)) else { return };
        // Not every broken connection has an error event, see a frame header of 1 TiB in Chromium.
        if !clean && !self.random().one_in(4) {
            self.deliver(at, Input::Error(attempt));
        }
        self.deliver(at, Input::Closed(attempt, code, clean));
    }

    fn deliver(&mut self, at: u64, input: Input) {
        if let Some(attempt) = self.live() {
            self.network.deliver(attempt, Way::Down, at, input);
        }
    }

    fn lose_some(&mut self) -> u64 {
        let Some(attempt) = self.live() else { return 0 };
        let lost = self.network.lose_some(attempt, Way::Down);
        // No socket has an error event without an end.
        if !self.network.under_way(attempt, Way::Down).any(|(_, input)| matches!(input, Input::Closed(..))) {
            self.network.retain(attempt, Way::Down, |_, input| !matches!(input, Input::Error(_)));
        }
        lost
    }
}
