//! A plain connection on a server: nothing is stored, and what the connection carries is received once and in order, as long as it
//! lasts.

use std::collections::VecDeque;

use undrop_proto::outbox::Bounds;
use undrop_proto::server::{
    Action, Cause, Config, DriverTypes, Frame, Inbound, NotCommitted, PlainSlot, Report, Serve,
};
use undrop_proto::{Attempt, Millis};

use crate::census::census;
use crate::law::{Law, Verdict};
use crate::random::Random;
use crate::runs;
use crate::twins::{Twin, twins};

/// More than there can be to do once nothing more happens.
const ENOUGH: usize = 2_000;

struct App;

impl DriverTypes for App {
    type Message = u32;
    type Commit = usize;
    type Delivery = usize;
    type Request = ();

    fn bytes(_: &u32) -> u64 {
        1
    }
}

/// What a client has sent.
#[derive(Clone, Copy)]
enum Up {
    Message(u32),
    Pong,
}

struct World {
    random: Random,
    now: Millis,
    config: Config,
    slot: PlainSlot<App>,
    twin: Twin<Defect>,
    census: Census,
    /// What the client has sent and the server has not read, and how many messages it has sent.
    up: VecDeque<Up>,
    sent_up: u32,
    received: u32,
    /// The numbers of the messages that the handler has not taken.
    inbox: VecDeque<u64>,
    /// The messages of the app in the order in which it sent them, and how many of them have left.
    down: Vec<u32>,
    left: usize,
    /// Whether each commit and each delivery is answered, and for a delivery, of which message it is.
    commits: Vec<bool>,
    deliveries: Vec<(usize, bool)>,
    handler_runs: bool,
    is_throttled: bool,
    is_released: bool,
    ended: Option<Cause>,
    /// When the server has heard of the client last.
    heard: Millis,
}

census! {
    Census {
        scenarios: "connections",
        received: "messages received",
        arrived: "messages sent",
        replies: "commits with replies",
        over: "commits with replies after the end",
        delivered: "deliveries that left",
        lost: "deliveries that did not",
        undelivered: "messages returned",
        full: "times a connection was not read",
        throttled: "times it was not read for want of room for all",
        pings: "pings",
        silent: "connections that died of silence",
        panics: "handlers that panicked",
        stopped: "handlers stopped",
        gone: "connections lost",
        app: "connections closed by the app",
        revoked: "connections revoked",
        evicted: "connections evicted",
        shutdowns: "connections that ended with their server",
    }
}

#[test]
fn what_a_plain_connection_carries_is_received_once_and_in_order() {
    runs::many(|seed| World::run(seed, None));
}

twins! {
    run {
        a_server_that_receives_twice: ReceivesTwice by I5,
        a_server_that_sends_in_another_order: SendsInAnotherOrder by I5,
        a_server_that_reads_without_room: ReadsWithoutRoom by I7,
        a_server_that_reads_when_it_is_throttled: ReadsWhenThrottled by I7,
        a_server_that_stays_throttled: StaysThrottled by I4,
        a_server_that_forgets_its_timer: ForgetsTheTimer by I4,
        a_server_that_loses_deliveries: LosesDeliveries by I6,
        a_server_that_keeps_what_is_undelivered: KeepsWhatIsUndelivered by I6,
        a_server_that_forgets_commits_after_the_end: ForgetsCommits by I6,
        a_server_that_drops_a_client_that_answers: HearsNoPongs by I8,
    }
}

fn run(seed: u64, defect: Defect) -> Verdict<Census> {
    World::run(seed, Some(defect))
}

impl World {
    fn run(seed: u64, defect: Option<Defect>) -> Verdict<Census> {
        let mut random = Random::new(seed);
        let config = Config {
            idle: random.pick(&[300, 5_000]),
            probe: random.pick(&[100, 2_000]),
            greeting: 1_000,
            close_timeout: 1_000,
            grace: random.pick(&[100, 3_000]),
            inbox: Bounds { messages: random.pick(&[1, 3, 1_024]), bytes: 1 << 20 },
        };
        let now = Millis(1_000);
        let mut world = Self {
            slot: PlainSlot::new(config, now),
            random,
            now,
            config,
            twin: Twin::new(defect),
            census: Census { scenarios: 1, ..Census::default() },
            up: VecDeque::new(),
            sent_up: 0,
            received: 0,
            inbox: VecDeque::new(),
            down: Vec::new(),
            left: 0,
            commits: Vec::new(),
            deliveries: Vec::new(),
            handler_runs: true,
            is_throttled: false,
            is_released: false,
            ended: None,
            heard: now,
        };
        for _ in 0..10 + world.random.below(60) {
            world.happens()?;
        }
        world.close()?;
        Ok(world.census)
    }

    /// Anything.
    fn happens(&mut self) -> Verdict {
        self.now = self.now + self.random.pick(&[0, 0, 1, 30, 400]);
        let is_rough = self.random.one_in(8);
        match self.random.below(12) {
            0 if is_rough => self.slot.handle_lost(self.now, Attempt::default()),
            1 if is_rough => self.slot.evict(self.now),
            2 if is_rough => self.slot.revoke(self.now),
            3 if is_rough => self.slot.shut_down(self.now),
            4 if is_rough => self.slot.close(self.now, 4_321, "done".to_owned()),
            5 if is_rough => self.handler_returns(),
            0..=2 => {
                self.sent_up += 1;
                self.up.push_back(Up::Message(self.sent_up));
            }
            3 => {
                let is_throttled = self.random.one_in(3);
                self.throttle(is_throttled);
            }
            4 | 5 => self.send(),
            6 | 7 => self.handler_turn(),
            8 | 9 => self.transmit()?,
            _ => self.read()?,
        }
        self.times_out();
        self.act()
    }

    /// Nothing more happens, and the client is silent: all that was sent is received, and then the connection ends.
    fn close(&mut self) -> Verdict {
        self.throttle(false);
        for _ in 0..ENOUGH {
            if self.slot.is_over() && !self.handler_runs {
                return self.judge();
            }
            self.read()?;
            self.handler_turn();
            self.transmit()?;
            if self.ended.is_some() && self.handler_runs {
                self.handler_returns();
            }
            self.act()?;
            let all_is_read = self.up.is_empty() && self.inbox.is_empty() && !self.slot.has_frames();
            if all_is_read && let Some(at) = self.slot.poll_timeout() {
                self.now = self.now.max(at);
                self.times_out();
                self.act()?;
            }
        }
        Law::I4.broken("the connection never ends")
    }

    fn judge(&self) -> Verdict {
        Law::I6.holds(self.ended.is_some() && self.is_released, || "the handler was not told of the end".to_owned())?;
        Law::I6.holds(self.commits.iter().all(|is_answered| *is_answered), || "a commit has no answer".to_owned())?;
        Law::I6.holds(self.deliveries.iter().all(|(_, known)| *known), || "a delivery has no answer".to_owned())?;
        Law::I4.holds(!self.slot.has_frames(), || "there is something to send after the end".to_owned())
    }

    fn throttle(&mut self, is_throttled: bool) {
        self.is_throttled = is_throttled;
        if is_throttled || !self.twin.has(Defect::StaysThrottled) {
            self.slot.throttle(is_throttled && !self.twin.has(Defect::ReadsWhenThrottled));
        }
    }

    fn read(&mut self) -> Verdict {
        let Some(up) = self.up.front().copied().filter(|_| self.ended.is_none()) else {
            self.up.clear();
            return Ok(());
        };
        if !self.slot.has_room() && !self.twin.has(Defect::ReadsWithoutRoom) {
            *(if self.is_throttled { &mut self.census.throttled } else { &mut self.census.full }) += 1;
            return Ok(());
        }
        Law::I7.holds(!self.is_throttled, || "a throttled server reads".to_owned())?;
        self.up.pop_front();
        self.heard = self.now;
        let inbound = match up {
            Up::Message(message) => Inbound::Message(message),
            Up::Pong if self.twin.has(Defect::HearsNoPongs) => return Ok(()),
            Up::Pong => Inbound::Alive,
        };
        if self.twin.has(Defect::ReceivesTwice)
            && let Up::Message(message) = up
        {
            self.slot.handle_inbound(self.now, Attempt::default(), Inbound::Message(message));
        }
        self.slot.handle_inbound(self.now, Attempt::default(), inbound);
        self.act()
    }

    fn handler_turn(&mut self) {
        let Some(number) = self.inbox.pop_front().filter(|_| self.handler_runs) else { return };
        self.slot.handle_read(number);
        if self.random.one_in(3) {
            let replies: Vec<_> = (0..self.random.below(3)).map(|reply| 1_000_000 + reply).collect();
            self.census.replies += u64::from(!replies.is_empty());
            if self.ended.is_none() {
                self.down.extend(&replies);
            }
            self.commits.push(false);
            self.slot.commit(number, replies, self.commits.len() - 1);
        }
    }

    fn send(&mut self) {
        let message = self.down.len() as u32;
        let delivery = self.random.one_in(2).then(|| {
            self.deliveries.push((self.down.len(), false));
            self.deliveries.len() - 1
        });
        if self.ended.is_none() {
            self.down.push(message);
        }
        self.slot.send(message, delivery);
    }

    fn handler_returns(&mut self) {
        if std::mem::take(&mut self.handler_runs) {
            let panicked = self.random.one_in(2);
            self.census.panics += u64::from(panicked);
            self.slot.handle_handler_done(self.now, panicked);
        }
    }

    fn transmit(&mut self) -> Verdict {
        let mut frames: Vec<_> = self.slot.poll_frame(self.now).into_iter().collect();
        if self.twin.has(Defect::SendsInAnotherOrder) {
            frames.extend(self.slot.poll_frame(self.now));
            frames.reverse();
        }
        for frame in frames {
            match frame {
                Frame::Message(message) => {
                    let next = self.down.get(self.left).copied();
                    Law::I5.holds(next == Some(message), || format!("{message} is sent, and {next:?} is next"))?;
                    self.left += 1;
                    self.census.arrived += 1;
                }
                Frame::Ping => {
                    self.census.pings += 1;
                    // Whether the client is still there.
                    if self.random.one_in(2) {
                        self.up.push_back(Up::Pong);
                    }
                }
                Frame::Control(control) => return Law::Protocol.broken(format!("{control:?} on a plain connection")),
            }
        }
        self.act()
    }

    fn times_out(&mut self) {
        let is_due = self.slot.poll_timeout().is_some_and(|at| at <= self.now);
        if is_due && !self.twin.has(Defect::ForgetsTheTimer) {
            self.slot.handle_timeout(self.now);
        }
    }

    fn act(&mut self) -> Verdict {
        while let Some(action) = self.slot.poll() {
            self.carry_out(action)?;
        }
        Ok(())
    }

    fn carry_out(&mut self, action: Action<App>) -> Verdict {
        match action {
            Action::Receive(number, message) => {
                self.received += 1;
                self.census.received += 1;
                let is_next = message == self.received && number == u64::from(message);
                Law::I5.holds(is_next, || format!("{message} is received as {number}, after {}", self.received - 1))?;
                self.inbox.push_back(number);
                let most = self.config.inbox.messages as usize;
                Law::I7.holds(self.inbox.len() <= most, || format!("{} messages wait", self.inbox.len()))
            }
            Action::Committed(commit, answer) => {
                self.census.over += u64::from(answer == Err(NotCommitted::Over));
                if self.twin.has(Defect::ForgetsCommits) && answer.is_err() {
                    return Ok(());
                }
                let before = std::mem::replace(&mut self.commits[commit], true);
                Law::I6.holds(!before, || format!("commit {commit} is answered twice"))
            }
            Action::Delivered(delivery, has_left) => {
                if self.twin.has(Defect::LosesDeliveries) && !has_left {
                    return Ok(());
                }
                *(if has_left { &mut self.census.delivered } else { &mut self.census.lost }) += 1;
                let (position, is_answered) = &mut self.deliveries[delivery];
                let before = std::mem::replace(is_answered, true);
                Law::I6.holds(!before, || format!("delivery {delivery} is answered twice"))?;
                // It is told while its message leaves.
                let right = !has_left || *position <= self.left;
                Law::I6.holds(right, || format!("message {position} has left, and {} have", self.left))
            }
            Action::End(cause, mut undelivered) => {
                if self.twin.has(Defect::KeepsWhatIsUndelivered) {
                    undelivered.pop();
                }
                self.census.undelivered += undelivered.len() as u64;
                Law::I6.holds(self.ended.replace(cause).is_none(), || "the connection ended twice".to_owned())?;
                Law::I6
                    .holds(undelivered == self.down[self.left..], || format!("{undelivered:?} were not delivered"))?;
                *match cause {
                    Cause::Client => &mut self.census.gone,
                    Cause::Evicted => &mut self.census.evicted,
                    Cause::Revoked => &mut self.census.revoked,
                    Cause::Shutdown => &mut self.census.shutdowns,
                    _ => &mut self.census.app,
                } += 1;
                Ok(())
            }
            Action::Disconnect(disconnect) => {
                Law::Protocol.holds(self.ended.is_none(), || format!("closed again, with {disconnect:?}"))
            }
            Action::Release => {
                let before = std::mem::replace(&mut self.is_released, true);
                Law::I6.holds(!before, || "the slot was freed twice".to_owned())
            }
            Action::StopHandler => {
                self.census.stopped += 1;
                self.handler_runs = false;
                Ok(())
            }
            Action::Report(Report::Silent) => {
                self.census.silent += 1;
                let least = self.heard + (self.config.idle + self.config.probe);
                Law::I8.holds(least <= self.now, || format!("heard at {:?}, dropped at {:?}", self.heard, self.now))
            }
            Action::Report(_) => Ok(()),
            action @ (Action::Ask(_)
            | Action::Attach(..)
            | Action::Refuse(..)
            | Action::Renew(_)
            | Action::Readmit(_)) => {
                let what = if matches!(action, Action::Ask(_)) { "asks a store" } else { "resumes" };
                Law::Protocol.broken(format!("a plain connection {what}"))
            }
        }
    }
}
