//! Everything between the core and the server, and the server: sockets as the browser has them, what is on its way,
//! and what the next dial meets.

use undrop::core::Epoch;

use super::random::Random;
use super::scenario::Weather;
use super::subject::Input;

pub struct Network {
    pub weather: Weather,
    /// The server does not answer heartbeats.
    pub mute: bool,
    pub latency: u64,
    /// The dial that there was no URL for: nothing to hang up, but no harm either.
    pub unfound: Option<Epoch>,
    /// The one socket that a driver holds.
    line: Option<Line>,
    /// In the order in which it was sent.
    in_flight: Vec<InFlight>,
    /// The dials whose sockets are gone, the latest last.
    graveyard: Vec<Epoch>,
}

struct Line {
    epoch: Epoch,
    stage: Stage,
    silent: bool,
    /// Its error event has been heard: it is as good as closed.
    failed: bool,
    /// When the latest thing on its way arrives: nothing overtakes it.
    tail: u64,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stage {
    /// The URL is being found; there is no socket yet.
    Finding,
    Dialing,
    Open,
    Closing,
}

struct InFlight {
    at: u64,
    input: Input,
}

impl Network {
    pub fn new(latency: u32) -> Self {
        Self {
            weather: Weather::Fine,
            mute: false,
            latency: u64::from(latency),
            unfound: None,
            line: None,
            in_flight: Vec::new(),
            graveyard: Vec::new(),
        }
    }

    /// The dial whose socket is held.
    pub fn live(&self) -> Option<Epoch> {
        self.line.as_ref().map(|line| line.epoch)
    }

    pub fn stage(&self) -> Option<Stage> {
        self.line.as_ref().map(|line| line.stage)
    }

    /// Whether the socket's `readyState` is past `OPEN`, though its close event has not had its turn.
    pub fn is_ending(&self, now: u64) -> bool {
        let Some(line) = &self.line else {
            return false;
        };
        let closes = |flight: &InFlight| matches!(flight.input, Input::Closed(epoch, ..) if epoch == line.epoch);
        line.failed || self.in_flight.iter().any(|flight| closes(flight) && flight.at <= now)
    }

    pub fn is_silent(&self) -> bool {
        self.line.as_ref().is_some_and(|line| line.silent)
    }

    pub fn graves(&self) -> &[Epoch] {
        &self.graveyard
    }

    /// A dial that is long gone.
    pub fn oldest_grave(&self) -> Epoch {
        self.graveyard.first().copied().unwrap_or_default()
    }

    /// Opens a socket. False if there is no URL for it, which then is said at once.
    pub fn dial(&mut self, now: u64, epoch: Epoch, random: &mut Random) -> bool {
        self.line = Some(Line { epoch, stage: Stage::Dialing, silent: false, failed: false, tail: now });
        let handshake = 2 * self.latency;
        match self.weather {
            Weather::Fine => self.post(now + handshake, Input::Opened(epoch)),
            Weather::Slow(span) => self.post(now + u64::from(span), Input::Opened(epoch)),
            Weather::Refusing => {
                let after = random.pick(&[self.latency, 0, 2_000]);
                self.fail(now + after, 1006, false, random);
            }
            Weather::Hanging => {}
            Weather::Closing(code) => {
                self.post(now + handshake, Input::Opened(epoch));
                let after = random.pick(&[0, 5, 300, 6_000]);
                self.fail(now + handshake + after, code, code != 1006, random);
            }
            Weather::Silent => {
                self.post(now + handshake, Input::Opened(epoch));
                self.silence_from_here();
            }
            Weather::NoUrl => return false,
            Weather::LateNoUrl(span) => {
                self.set_stage(Stage::Finding);
                self.post(now + u64::from(span), Input::NoUrl(epoch));
            }
        }
        true
    }

    /// Forgets the socket. What it had on its way may still turn up, and so may its end.
    pub fn hang_up(&mut self, now: u64, random: &mut Random) {
        if random.one_in(2) {
            let after = random.pick(&[0, 1, 900, 60_000]);
            self.fail(now + after, 1006, false, random);
        }
        self.bury();
    }

    /// The page calls `close()` on the socket.
    pub fn close(&mut self, now: u64, random: &mut Random) {
        let Some(line) = &mut self.line else {
            return;
        };
        if line.failed {
            return;
        }
        let stage = line.stage;
        line.stage = Stage::Closing;
        match stage {
            Stage::Dialing => {
                self.lose_from(0, 0);
                self.fail(now, 1006, false, random);
            }
            Stage::Open if self.is_silent() || random.one_in(8) => {
                // Chromium fires `close` 60 s after `close()` into a black hole.
                self.fail(now + 60_000, 1006, false, random);
            }
            Stage::Open => {
                let code = random.pick(&[1000, 1005, 4000]);
                self.fail(now + 2 * self.latency, code, true, random);
            }
            Stage::Closing | Stage::Finding => {}
        }
    }

    /// The line ends, and with it some of what was on its way. How much that was.
    pub fn cut(&mut self, now: u64, code: u16, clean: bool, random: &mut Random) -> u64 {
        let lost = self.lose_some(now, random);
        let clean = clean && self.stage() == Some(Stage::Open);
        self.fail(now + self.latency, code, clean, random);
        lost
    }

    /// From now on nothing gets through. How much of what was on its way didn't.
    pub fn silence(&mut self, now: u64, random: &mut Random) -> u64 {
        self.silence_from_here();
        self.lose_some(now, random)
    }

    pub fn thaw(&mut self) {
        if let Some(line) = &mut self.line {
            line.silent = false;
        }
    }

    /// The server sends something; of no effect if it has no line that works.
    pub fn serve(&mut self, now: u64, make: impl FnOnce(Epoch) -> Input) {
        if let Some(line) = &self.line
            && !line.silent
            && line.stage == Stage::Open
        {
            let input = make(line.epoch);
            self.post(now + self.latency, input);
        }
    }

    /// The server got a heartbeat.
    pub fn serve_ping(&mut self, now: u64) {
        if !self.mute {
            self.serve(now + self.latency, Input::Reply);
        }
    }

    /// The server got a message.
    pub fn serve_echo(&mut self, now: u64, random: &mut Random) {
        if random.one_in(4) {
            self.serve(now + self.latency, |epoch| Input::Message(epoch, 7));
        }
    }

    /// When the next thing arrives.
    pub fn next(&self) -> Option<u64> {
        self.in_flight.iter().map(|flight| flight.at).min()
    }

    /// What arrives next.
    pub fn arrive(&mut self) -> Option<Input> {
        let next = self.next()?;
        let index = self.in_flight.iter().position(|flight| flight.at == next)?;
        Some(self.in_flight.remove(index).input)
    }

    /// A socket that is held says this: what the browser knows changes with it.
    pub fn heard(&mut self, input: Input) {
        match input {
            Input::Opened(_) => self.set_stage(Stage::Open),
            Input::Error(_) => {
                if let Some(line) = &mut self.line {
                    line.failed = true;
                }
            }
            Input::Closed(..) => self.bury(),
            Input::NoUrl(epoch) => {
                self.unfound = Some(epoch);
                self.bury();
            }
            _ => {}
        }
    }

    fn set_stage(&mut self, stage: Stage) {
        if let Some(line) = &mut self.line {
            line.stage = stage;
        }
    }

    fn bury(&mut self) {
        if let Some(line) = self.line.take() {
            if self.graveyard.len() > 5 {
                self.graveyard.remove(0);
            }
            self.graveyard.push(line.epoch);
        }
    }

    fn fail(&mut self, at: u64, code: u16, clean: bool, random: &mut Random) {
        let Some(epoch) = self.live().filter(|_| self.stage() != Some(Stage::Finding)) else {
            return;
        };
        // Not every broken line has an error event, see a frame header of 1 TiB in Chromium.
        if !clean && !random.one_in(4) {
            self.post(at, Input::Error(epoch));
        }
        self.post(at, Input::Closed(epoch, code, clean));
    }

    fn post(&mut self, at: u64, input: Input) {
        if let Some(line) = &mut self.line {
            line.tail = line.tail.max(at);
            let at = line.tail;
            self.in_flight.push(InFlight { at, input });
        }
    }

    fn silence_from_here(&mut self) {
        if let Some(line) = &mut self.line {
            line.silent = true;
        }
    }

    fn lose_some(&mut self, now: u64, random: &mut Random) -> u64 {
        let live = self.live();
        let flying = self.in_flight.iter().filter(|flight| flight.at > now && flight.input.epoch() == live).count();
        self.lose_from(now + 1, random.below(flying as u32 + 1) as usize)
    }

    /// Loses what would reach the held socket at `from` or later, but for the first few. How much that was.
    fn lose_from(&mut self, from: u64, mut kept: usize) -> u64 {
        let live = self.live();
        let before = self.in_flight.len();
        self.in_flight.retain(|flight| {
            if flight.at < from || flight.input.epoch() != live {
                return true;
            }
            let keep = kept > 0;
            kept = kept.saturating_sub(1);
            keep
        });
        // No socket has an error event without an end.
        let ends = |flight: &InFlight| flight.input.epoch() == live && matches!(flight.input, Input::Closed(..));
        if !self.in_flight.iter().any(ends) {
            self.in_flight.retain(|flight| flight.input.epoch() != live || !matches!(flight.input, Input::Error(_)));
        }
        (before - self.in_flight.len()) as u64
    }
}
