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
use crate::runs::scenarios;
use crate::twins::{Twin, twins};
use crate::world;

scenarios! { what_a_plain_connection_carries_is_received_once_and_in_order: [Scenario::from_seed] }

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

/// Something happens.
#[derive(Clone, Copy, Debug)]
enum Act {
    /// The connection is lost.
    Lost,
    Evict,
    Revoke,
    ShutDown,
    AppCloses,
    AppSends,
    ClientSends,
    HandlerReturns,
    /// The handler takes a message.
    HandlerTakes,
    Throttle(bool),
    Transmit,
    Read,
}

/// All that was sent is received, and then the connection ends, since its client is silent.
#[derive(Debug)]
struct GoesOn;

type Scenario = world::Scenario<World>;
type Shared = world::Shared<World>;

struct World {
    slot: PlainSlot<App>,
    /// What the client has sent and the server has not read.
    up: VecDeque<Up>,
    /// The numbers of the messages that the handler has not taken.
    inbox: VecDeque<u64>,
    handler_runs: bool,
    is_throttled: bool,
    /// When the server has heard of the client last.
    heard: Millis,
}

#[derive(Default)]
struct Record {
    /// How many messages the client has sent, and how many the server has received.
    sent_up: u32,
    received: u32,
    /// The messages of the app in the order in which it sent them, and how many of them have left.
    down: Vec<u32>,
    left: usize,
    /// Whether each commit and each delivery is answered, and for a delivery, of which message it is.
    commits: Vec<bool>,
    deliveries: Vec<(usize, bool)>,
    is_released: bool,
    ended: Option<Cause>,
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

twins! {
    Scenario::from_seed {
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

impl Scenario {
    fn from_seed(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let setup = Config {
            idle: random.pick(&[300, 5_000]),
            probe: random.pick(&[100, 2_000]),
            greeting: 1_000,
            close_timeout: 1_000,
            grace: random.pick(&[100, 3_000]),
            inbox: Bounds { messages: random.pick(&[1, 3, 1_024]), bytes: 1 << 20 },
        };
        let mut at = 0;
        let script = (0..10 + random.below(60)).map(|_| {
            at += random.pick(&[0, 0, 1, 30, 400]);
            (at, Act::draw(&mut random))
        });
        let script = script.collect();
        Self { seed, setup, script }
    }
}

impl Act {
    fn draw(random: &mut Random) -> Self {
        let is_rough = random.one_in(8);
        match random.below(12) {
            0 if is_rough => Act::Lost,
            1 if is_rough => Act::Evict,
            2 if is_rough => Act::Revoke,
            3 if is_rough => Act::ShutDown,
            4 if is_rough => Act::AppCloses,
            5 if is_rough => Act::HandlerReturns,
            0..=2 => Act::ClientSends,
            3 => Act::Throttle(random.one_in(3)),
            4 | 5 => Act::AppSends,
            6 | 7 => Act::HandlerTakes,
            8 | 9 => Act::Transmit,
            _ => Act::Read,
        }
    }
}

impl world::World for World {
    type Setup = Config;
    type Act = Act;
    type Event = GoesOn;
    type Record = Record;
    type Census = Census;
    type Defect = Defect;

    fn new(Scenario { setup, .. }: &Scenario, _: Twin<Defect>, now: Millis) -> (Self, Record, Census) {
        let (up, inbox) = Default::default();
        let slot = PlainSlot::new(*setup, now);
        let world = Self { slot, up, inbox, handler_runs: true, is_throttled: false, heard: now };
        (world, Record::default(), Census { scenarios: 1, ..Census::default() })
    }

    fn act(&mut self, shared: &mut Shared, act: Act) -> Verdict {
        let now = shared.net.millis();
        match act {
            Act::Lost => self.slot.handle_lost(now, Attempt::default()),
            Act::Evict => self.slot.evict(now),
            Act::Revoke => self.slot.revoke(now),
            Act::ShutDown => self.slot.shut_down(now),
            Act::AppCloses => self.slot.close(now, 4_321, "done".to_owned()),
            Act::AppSends => self.send(shared),
            Act::ClientSends => {
                shared.record.sent_up += 1;
                self.up.push_back(Up::Message(shared.record.sent_up));
            }
            Act::HandlerReturns => self.handler_returns(shared),
            Act::HandlerTakes => self.handler_takes(shared),
            Act::Throttle(is_throttled) => self.throttle(shared, is_throttled),
            Act::Transmit => self.transmit(shared)?,
            Act::Read => self.read(shared)?,
        }
        Ok(())
    }

    fn step(&mut self, shared: &mut Shared, _: GoesOn) -> Verdict {
        self.read(shared)?;
        self.handler_takes(shared);
        self.transmit(shared)?;
        if shared.record.ended.is_some() {
            self.handler_returns(shared);
        }
        self.drain(shared)?;
        if !self.slot.is_over() || self.handler_runs {
            let all_is_read = self.up.is_empty() && self.inbox.is_empty() && !self.slot.has_frames();
            let at = self.slot.poll_timeout().filter(|_| all_is_read).unwrap_or(shared.net.millis());
            shared.net.at(at.0, GoesOn);
        }
        Ok(())
    }

    fn rest(&mut self, shared: &mut Shared) -> Verdict {
        let is_due = self.slot.poll_timeout().is_some_and(|at| at <= shared.net.millis());
        if is_due && !shared.twin.has(Defect::ForgetsTheTimer) {
            self.slot.handle_timeout(shared.net.millis());
        }
        self.drain(shared)
    }

    fn calm_down(&mut self, shared: &mut Shared) {
        self.throttle(shared, false);
        shared.net.after(0, GoesOn);
    }

    fn close(&self, shared: &Shared) -> Verdict {
        Law::I4.holds(self.slot.is_over() && !self.handler_runs, || "the connection never ends".to_owned())?;
        Law::I4.holds(!self.slot.has_frames(), || "there is something to send after the end".to_owned())?;
        let Record { commits, deliveries, is_released, ended, .. } = &shared.record;
        Law::I6.holds(ended.is_some() && *is_released, || "the handler was not told of the end".to_owned())?;
        Law::I6.holds(commits.iter().all(|is_answered| *is_answered), || "a commit has no answer".to_owned())?;
        Law::I6.holds(deliveries.iter().all(|(_, known)| *known), || "a delivery has no answer".to_owned())
    }
}

impl World {
    fn throttle(&mut self, shared: &mut Shared, is_throttled: bool) {
        self.is_throttled = is_throttled;
        if is_throttled || !shared.twin.has(Defect::StaysThrottled) {
            self.slot.throttle(is_throttled && !shared.twin.has(Defect::ReadsWhenThrottled));
        }
    }

    fn read(&mut self, shared: &mut Shared) -> Verdict {
        let Some(up) = self.up.front().copied().filter(|_| shared.record.ended.is_none()) else {
            self.up.clear();
            return Ok(());
        };
        if !self.slot.has_room() && !shared.twin.has(Defect::ReadsWithoutRoom) {
            *(if self.is_throttled { &mut shared.census.throttled } else { &mut shared.census.full }) += 1;
            return Ok(());
        }
        Law::I7.holds(!self.is_throttled, || "a throttled server reads".to_owned())?;
        self.up.pop_front();
        self.heard = shared.net.millis();
        let inbound = match up {
            Up::Message(message) => Inbound::Message(message),
            Up::Pong if shared.twin.has(Defect::HearsNoPongs) => return Ok(()),
            Up::Pong => Inbound::Alive,
        };
        if shared.twin.has(Defect::ReceivesTwice)
            && let Up::Message(message) = up
        {
            self.slot.handle_inbound(shared.net.millis(), Attempt::default(), Inbound::Message(message));
        }
        self.slot.handle_inbound(shared.net.millis(), Attempt::default(), inbound);
        self.drain(shared)
    }

    fn handler_takes(&mut self, shared: &mut Shared) {
        let Some(number) = self.inbox.pop_front().filter(|_| self.handler_runs) else { return };
        self.slot.handle_read(number);
        if shared.net.random.one_in(3) {
            let replies: Vec<_> = (0..shared.net.random.below(3)).map(|reply| 1_000_000 + reply).collect();
            shared.census.replies += u64::from(!replies.is_empty());
            if shared.record.ended.is_none() {
                shared.record.down.extend(&replies);
            }
            shared.record.commits.push(false);
            self.slot.commit(number, replies, shared.record.commits.len() - 1);
        }
    }

    fn send(&mut self, shared: &mut Shared) {
        let message = shared.record.down.len() as u32;
        let delivery = shared.net.random.one_in(2).then(|| {
            shared.record.deliveries.push((shared.record.down.len(), false));
            shared.record.deliveries.len() - 1
        });
        if shared.record.ended.is_none() {
            shared.record.down.push(message);
        }
        self.slot.send(message, delivery);
    }

    fn handler_returns(&mut self, shared: &mut Shared) {
        if std::mem::take(&mut self.handler_runs) {
            let panicked = shared.net.random.one_in(2);
            shared.census.panics += u64::from(panicked);
            self.slot.handle_handler_done(shared.net.millis(), panicked);
        }
    }

    fn transmit(&mut self, shared: &mut Shared) -> Verdict {
        let mut frames: Vec<_> = self.slot.poll_frame(shared.net.millis()).into_iter().collect();
        if shared.twin.has(Defect::SendsInAnotherOrder) {
            frames.extend(self.slot.poll_frame(shared.net.millis()));
            frames.reverse();
        }
        for frame in frames {
            match frame {
                Frame::Message(message) => {
                    let next = shared.record.down.get(shared.record.left).copied();
                    Law::I5.holds(next == Some(message), || format!("{message} is sent, and {next:?} is next"))?;
                    shared.record.left += 1;
                    shared.census.arrived += 1;
                }
                Frame::Ping => {
                    shared.census.pings += 1;
                    // Whether the client is still there.
                    if shared.net.random.one_in(2) {
                        self.up.push_back(Up::Pong);
                    }
                }
                Frame::Control(control) => return Law::Protocol.broken(format!("{control:?} on a plain connection")),
            }
        }
        self.drain(shared)
    }

    fn drain(&mut self, shared: &mut Shared) -> Verdict {
        while let Some(action) = self.slot.poll() {
            self.carry_out(shared, action)?;
        }
        Ok(())
    }

    fn carry_out(&mut self, shared: &mut Shared, action: Action<App>) -> Verdict {
        match action {
            Action::Receive(number, message) => {
                shared.record.received += 1;
                shared.census.received += 1;
                let is_next = message == shared.record.received && number == u64::from(message);
                Law::I5.holds(is_next, || {
                    format!("{message} is received as {number}, after {}", shared.record.received - 1)
                })?;
                self.inbox.push_back(number);
                let most = shared.setup.inbox.messages as usize;
                Law::I7.holds(self.inbox.len() <= most, || format!("{} messages wait", self.inbox.len()))
            }
            Action::Committed(commit, answer) => {
                shared.census.over += u64::from(answer == Err(NotCommitted::Over));
                if shared.twin.has(Defect::ForgetsCommits) && answer.is_err() {
                    return Ok(());
                }
                let before = std::mem::replace(&mut shared.record.commits[commit], true);
                Law::I6.holds(!before, || format!("commit {commit} is answered twice"))
            }
            Action::Delivered(delivery, has_left) => {
                if shared.twin.has(Defect::LosesDeliveries) && !has_left {
                    return Ok(());
                }
                *(if has_left { &mut shared.census.delivered } else { &mut shared.census.lost }) += 1;
                let (position, is_answered) = &mut shared.record.deliveries[delivery];
                let before = std::mem::replace(is_answered, true);
                Law::I6.holds(!before, || format!("delivery {delivery} is answered twice"))?;
                // It is told while its message leaves.
                let right = !has_left || *position <= shared.record.left;
                Law::I6.holds(right, || format!("message {position} has left, and {} have", shared.record.left))
            }
            Action::End(cause, mut undelivered) => {
                if shared.twin.has(Defect::KeepsWhatIsUndelivered) {
                    undelivered.pop();
                }
                shared.census.undelivered += undelivered.len() as u64;
                Law::I6
                    .holds(shared.record.ended.replace(cause).is_none(), || "the connection ended twice".to_owned())?;
                Law::I6.holds(undelivered == shared.record.down[shared.record.left..], || {
                    format!("{undelivered:?} were not delivered")
                })?;
                *match cause {
                    Cause::Client => &mut shared.census.gone,
                    Cause::Evicted => &mut shared.census.evicted,
                    Cause::Revoked => &mut shared.census.revoked,
                    Cause::Shutdown => &mut shared.census.shutdowns,
                    _ => &mut shared.census.app,
                } += 1;
                Ok(())
            }
            Action::Disconnect(disconnect) => {
                Law::Protocol.holds(shared.record.ended.is_none(), || format!("closed again, with {disconnect:?}"))
            }
            Action::Release => {
                let before = std::mem::replace(&mut shared.record.is_released, true);
                Law::I6.holds(!before, || "the slot was freed twice".to_owned())
            }
            Action::StopHandler => {
                shared.census.stopped += 1;
                self.handler_runs = false;
                Ok(())
            }
            Action::Report(Report::Silent) => {
                shared.census.silent += 1;
                let least = self.heard + (shared.setup.idle + shared.setup.probe);
                Law::I8.holds(least <= shared.net.millis(), || {
                    format!("heard at {:?}, dropped at {:?}", self.heard, shared.net.millis())
                })
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
