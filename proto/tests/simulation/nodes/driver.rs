//! Does what a session says, with its handler, its connection and the store, as `undrop_proto::server` wants it done.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use undrop_proto::server::{
    self, Action, Cause, Change, Disconnect, Fence, Forwarded, Frame as Output, Inbound, Known, NotCommitted, Numbered,
    Report, Rest, Serve as _, Slot, SlotId, StoreError, StoreRequest, codes,
};
use undrop_proto::wire::Control;
use undrop_proto::{Attempt, close};

use super::handler::{Handler, Turn};
use super::node::{self, TERMS, Table};
use super::store::{self, Asker, Purpose, Store};
use super::twins::Defect;
use super::world::{Event, Shared};
use crate::law::{Law, Verdict};
use crate::message::{Frame, Message};
use crate::network::{Alarm, Way};

/// How many frames are read before everything else has its turn.
const FRAMES_A_TURN: usize = 8;
/// More turns in a row than there can be something to do for.
const ENOUGH: usize = 2_000;

/// What the sessions of these nodes hand in and get back.
pub struct Nodes;

impl server::DriverTypes for Nodes {
    type Message = Message;
    type Commit = u32;
    type Delivery = u32;
    type Request = Request;

    fn bytes(message: &Message) -> u64 {
        u64::from(message.bytes)
    }
}

/// A connection that asks for a session.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    pub attempt: Attempt,
    pub session: usize,
    pub known: Known,
}

/// A connection, as its node has it.
#[derive(Default)]
pub struct Connection {
    /// What has arrived and is not read.
    pub inbound: VecDeque<Frame>,
    /// It can be read to its end, and takes no frames.
    pub is_gone: bool,
    /// It takes no frames until then.
    pub blocked_until: u64,
    /// The task that reads it.
    pub task: Option<u64>,
}

/// What a driver has to do with.
pub struct Context<'a> {
    pub node: usize,
    pub starts: u32,
    /// Until when the node has no room for more that comes in.
    pub throttled_until: u64,
    pub shared: &'a mut Shared,
    pub store: &'a mut Store,
    pub connections: &'a mut BTreeMap<u32, Connection>,
    pub slots: &'a mut Table,
    /// What the session manager has to do afterwards.
    pub todo: &'a mut VecDeque<Todo>,
}

/// Something for the session manager.
pub enum Todo {
    Run(u64),
    /// Look for the session again.
    Readmit(Request),
    /// Give the client another session.
    Renew(Request),
}

/// What the session manager asks of a session.
#[derive(Default)]
pub struct Requests {
    pub resumes: Vec<Request>,
    pub evict: bool,
    pub revoke: bool,
    pub shutdown: bool,
}

pub struct Driver {
    task: u64,
    session: usize,
    slot_id: SlotId,
    fence: Fence,
    slot: Slot<Nodes>,
    /// The connection, under the number that the session has for it.
    pub connection: Option<(Attempt, Attempt)>,
    pub handler: Handler,
    /// The handler is to have its turn when an event says so.
    is_scheduled: bool,
    pub alarm: Alarm,
    /// The session has said that it is another node's.
    is_fenced: bool,
    /// The number of the last request to the store.
    asked: u64,
    // What broken drivers need.
    early: BTreeSet<u32>,
    acknowledged: u64,
    is_repairing: bool,
    received: Option<(u64, Message)>,
}

impl Driver {
    pub fn new(
        (task, session, slot_id): (u64, usize, SlotId),
        fence: Fence,
        slot: Slot<Nodes>,
        connection: Option<(Attempt, Attempt)>,
        handler: Handler,
    ) -> Self {
        Self {
            task,
            session,
            slot_id,
            fence,
            slot,
            connection,
            handler,
            is_scheduled: false,
            alarm: Alarm::default(),
            is_fenced: false,
            asked: 0,
            early: BTreeSet::new(),
            acknowledged: 0,
            is_repairing: false,
            received: None,
        }
    }

    /// Whether it serves a connection, and nothing is left to be done.
    pub fn rests(&self) -> bool {
        let unacknowledged = self.slot.unacknowledged().messages;
        self.connection.is_some() && self.handler.is_open() && unacknowledged == 0
    }

    /// Goes on until there is nothing left to be done. Whether it has ended.
    pub fn run(&mut self, context: &mut Context<'_>, requests: &mut Requests) -> Verdict<bool> {
        for _ in 0..ENOUGH {
            self.act(context)?;
            let mut progress = self.handle_timeout(context)? | self.read(context)? | self.handler_turn(context)?;
            progress |= self.collect(context, requests);
            self.slot.persist(context.shared.net.millis());
            self.act(context)?;
            progress |= self.transmit(context)?;
            if self.slot.is_over() && !self.handler.runs {
                let Shared { record, census, .. } = &mut *context.shared;
                self.handler.close(record, census)?;
                record.task_ends(self.task)?;
                return Ok(true);
            }
            if !progress {
                self.set_alarm(context);
                return Ok(false);
            }
        }
        Law::I4.broken(format!("the session {} is never done", self.session))
    }

    /// The store has answered.
    pub fn answered(&mut self, context: &mut Context<'_>, number: u64, answer: Result<(), StoreError>) -> Verdict {
        let shared = &mut *context.shared;
        let number = if shared.twin.has(Defect::HearsLateAnswers) { self.asked } else { number };
        let answer = match answer {
            Err(StoreError::Fenced) if shared.twin.has(Defect::IgnoresThatItIsFenced) => Ok(()),
            Err(StoreError::Fenced) if shared.twin.has(Defect::ResumesWhenFenced) && self.connection.is_none() => {
                Ok(())
            }
            Err(StoreError::Behind) if shared.twin.has(Defect::DoesNotRepair) => Ok(()),
            Err(StoreError::Revoked) if shared.twin.has(Defect::IgnoresThatItIsRevoked) => Ok(()),
            Err(StoreError::Unavailable) if shared.twin.has(Defect::NeverAsksAgain) => return Ok(()),
            answer => answer,
        };
        shared.census.revoked_elsewhere += u64::from(answer == Err(StoreError::Revoked));
        if let (Err(StoreError::Fenced), Some((_, attempt)), Some((received, _))) =
            (answer, self.connection, self.received)
            && shared.twin.has(Defect::AcknowledgesWhenFenced)
        {
            self.give(context, attempt, Output::Control(Control::Ack { received }))?;
        }
        let shared = &mut *context.shared;
        self.slot.handle_stored(shared.net.millis(), number, answer);
        self.act(context)?;
        self.slot.persist(context.shared.net.millis());
        self.act(context)
    }

    /// The store has written, and says whether forwarded messages wait.
    pub fn written(&mut self, context: &mut Context<'_>, number: u64, has_forwarded: bool) -> Verdict {
        if has_forwarded {
            self.is_woken(context);
        }
        self.answered(context, number, Ok(()))
    }

    /// The store has answered with forwarded messages. The session gets those for which there is room.
    pub fn reads_forwarded(
        &mut self,
        context: &mut Context<'_>,
        number: u64,
        mut forwarded: Forwarded<Message>,
    ) -> Verdict {
        let messages = &mut forwarded.messages.messages;
        let fitting = self.handler.room_for(context.shared, &self.slot, messages);
        if fitting < messages.len() {
            context.shared.census.no_room += 1;
            messages.truncate(fitting);
            forwarded.rest = Rest::NoRoom;
        }
        let read = messages.clone();
        let before = self.slot.unacknowledged().messages;
        self.slot.handle_forwarded(context.shared.net.millis(), number, Ok(forwarded));
        let sent = self.slot.unacknowledged().messages - before;
        self.handler.forwards(&read[read.len() - sent..]);
        self.act(context)?;
        self.slot.persist(context.shared.net.millis());
        self.act(context)
    }

    /// A message was forwarded to the session, or may have been.
    pub fn is_woken(&mut self, context: &mut Context<'_>) {
        if !context.shared.twin.has(Defect::NeverLooksForForwarded) {
            self.slot.look_for_forwarded();
        }
    }

    /// The handler has its turn.
    pub fn wakes(&mut self, context: &mut Context<'_>) -> Verdict {
        self.is_scheduled = false;
        let Context { shared, .. } = &mut *context;
        let turn = self.handler.turn(shared, &mut self.slot)?;
        match turn {
            Turn::Waits => {}
            Turn::Sleeps(delay) => self.schedule(context, delay),
            Turn::Returns | Turn::Panics => {
                let panicked = turn == Turn::Panics;
                context.shared.census.panics += u64::from(panicked);
                self.handler.stop();
                self.act_early(context)?;
                self.slot.handle_handler_done(context.shared.net.millis(), panicked);
            }
        }
        self.act_early(context)
    }

    // What a task of the app does beside the handler.

    pub fn app_sends(&mut self, context: &mut Context<'_>, count: u32) -> Verdict {
        for _ in 0..count {
            self.handler.send(context.shared, &mut self.slot);
        }
        self.act_early(context)
    }

    pub fn app_closes(&mut self, context: &mut Context<'_>) {
        context.shared.census.closed += 1;
        self.slot.close(context.shared.net.millis(), 4_321, "done".to_owned());
    }

    // How it goes on.

    fn handle_timeout(&mut self, context: &mut Context<'_>) -> Verdict<bool> {
        let now = context.shared.net.millis();
        let forgets = context.shared.twin.has(Defect::ForgetsTheTimer);
        if forgets || self.slot.poll_timeout().is_none_or(|at| now < at) {
            return Ok(false);
        }
        self.slot.handle_timeout(now);
        self.act(context)?;
        Ok(true)
    }

    fn read(&mut self, context: &mut Context<'_>) -> Verdict<bool> {
        let is_throttled = context.shared.net.now < context.throttled_until;
        if is_throttled || !context.shared.twin.has(Defect::StaysThrottled) {
            self.slot.throttle(is_throttled && !context.shared.twin.has(Defect::ReadsWhenThrottled));
        }
        for turn in 0..FRAMES_A_TURN {
            let Some((number, attempt)) = self.connection else { return Ok(turn > 0) };
            let Context { shared, connections, .. } = &mut *context;
            let Some(connection) = connections.get_mut(&attempt.0) else { return Ok(turn > 0) };
            if !self.slot.has_room() && !shared.twin.has(Defect::ReadsWithoutRoom) {
                let waits = u64::from(!connection.inbound.is_empty());
                *(if is_throttled { &mut shared.census.throttled } else { &mut shared.census.full }) += waits;
                return Ok(turn > 0);
            }
            Law::I7.holds(!is_throttled || connection.inbound.is_empty(), || "a throttled node reads".to_owned())?;
            let now = shared.net.millis();
            match connection.inbound.pop_front() {
                None => return Ok(turn > 0),
                Some(Frame::Message(message)) => self.slot.handle_inbound(now, number, Inbound::Message(message)),
                Some(Frame::Control(control)) => self.slot.handle_inbound(now, number, Inbound::Control(control)),
                Some(frame @ Frame::Close(_)) => {
                    return Law::Protocol.broken(format!("a server hears {frame:?}"));
                }
                Some(Frame::Gone) => self.slot.handle_lost(now, number),
            }
            self.act(context)?;
        }
        Ok(true)
    }

    fn handler_turn(&mut self, context: &mut Context<'_>) -> Verdict<bool> {
        if self.is_scheduled || !self.handler.is_due() {
            return Ok(false);
        }
        match self.handler.delay(context.shared) {
            0 => {
                self.wakes(context)?;
                Ok(true)
            }
            delay => {
                self.schedule(context, delay);
                Ok(false)
            }
        }
    }

    fn schedule(&mut self, context: &mut Context<'_>, delay: u32) {
        self.is_scheduled = true;
        let event = Event::Node(context.node, context.starts, node::Event::Handler(self.task));
        context.shared.net.after(delay, event);
    }

    fn collect(&mut self, context: &mut Context<'_>, requests: &mut Requests) -> bool {
        let now = context.shared.net.millis();
        let Requests { resumes, evict, revoke, shutdown } = std::mem::take(requests);
        let progress = !resumes.is_empty() || evict || revoke || shutdown;
        for request in resumes {
            let known = match context.shared.twin.defect() {
                Some(Defect::ResumesWhomItHasNotAnswered) => request.known.answered(0),
                _ => request.known,
            };
            self.slot.request_resume(now, request, known, TERMS);
        }
        if evict {
            self.slot.evict(now);
        }
        if revoke {
            self.slot.revoke(now);
        }
        if shutdown {
            self.slot.shut_down(now);
        }
        progress
    }

    fn transmit(&mut self, context: &mut Context<'_>) -> Verdict<bool> {
        let mut progress = false;
        while self.slot.has_frames() {
            let now = context.shared.net.millis();
            if let Some((number, attempt)) = self.connection
                && let Some(connection) = context.connections.get(&attempt.0)
            {
                if connection.is_gone {
                    self.slot.handle_lost(now, number);
                    self.act(context)?;
                    progress = true;
                    continue;
                }
                if now.0 < connection.blocked_until {
                    context.shared.census.blocked += 1;
                    break;
                }
            }
            progress = true;
            let frame = self.slot.poll_frame(now);
            // The frame goes out before what its making has changed is done, such as the close of the connection.
            if let (Some(frame), Some((_, attempt))) = (frame, self.connection) {
                self.give(context, attempt, frame)?;
            }
            self.act(context)?;
        }
        Ok(progress)
    }

    fn give(&mut self, context: &mut Context<'_>, attempt: Attempt, frame: Output<Message>) -> Verdict {
        let frame = match frame {
            Output::Message(message) if self.early.remove(&message.number) => return Ok(()),
            Output::Message(message) => Frame::Message(message),
            Output::Control(Control::Ack { received }) if received <= self.acknowledged => return Ok(()),
            Output::Control(control) => Frame::Control(control),
            Output::Ping => return Ok(()),
        };
        if let Frame::Control(Control::Ack { received } | Control::Resumed { received, .. }) = frame {
            context.shared.record.acknowledges(self.session, self.task, received)?;
        }
        context.shared.give(attempt, Way::Down, frame);
        Ok(())
    }

    fn set_alarm(&mut self, context: &mut Context<'_>) {
        let event = Event::Node(context.node, context.starts, node::Event::Alarm(self.task));
        let shared = &mut *context.shared;
        self.alarm.set(&mut shared.net, self.slot.poll_timeout(), shared.setup.lateness, event);
    }

    // What the session wants done.

    fn act(&mut self, context: &mut Context<'_>) -> Verdict {
        // The connection that was closed since another has taken the session over.
        let mut taken_over = false;
        while let Some(action) = self.slot.poll() {
            match &action {
                Action::Disconnect(Disconnect::Close(codes::TAKEN_OVER, _)) => taken_over = !self.is_fenced,
                Action::Attach(..) => taken_over = false,
                _ => {}
            }
            self.carry_out(context, action)?;
        }
        Law::Protocol.holds(!taken_over, || "a connection was taken over by none".to_owned())?;
        context.slots.set_detached(&self.session, self.slot_id, self.slot.detached_since());
        Ok(())
    }

    fn carry_out(&mut self, context: &mut Context<'_>, action: Action<Nodes>) -> Verdict {
        context.shared.say(|| format!("task {}: {}", self.task, describe(&action)));
        match action {
            Action::Ask(request) => self.ask(context, request),
            Action::Receive(number, message) => {
                self.handler.deliver(context.shared, number, message)?;
                self.received = Some((number, message));
                if let Some((_, attempt)) =
                    self.connection.filter(|_| context.shared.twin.has(Defect::AcknowledgesTooEarly))
                {
                    self.give(context, attempt, Output::Control(Control::Ack { received: number }))?;
                    self.acknowledged = number;
                }
                Ok(())
            }
            Action::Attach(number, request) => {
                context.shared.record.is_answered(request.attempt);
                if let Some(connection) = context.connections.get_mut(&request.attempt.0) {
                    connection.task = Some(self.task);
                }
                self.connection = Some((number, request.attempt));
                Ok(())
            }
            Action::Disconnect(disconnect) => {
                if let Some((_, attempt)) = self.connection.take() {
                    close_connection(context, attempt, &disconnect);
                }
                Ok(())
            }
            Action::Refuse(request, disconnect) => {
                Law::Protocol
                    .holds(!says_violation(&disconnect), || format!("{request:?} is refused: {disconnect:?}"))?;
                if matches!(disconnect, Disconnect::Close(codes::TAKEN_OVER, _)) {
                    context.shared.census.late += 1;
                    if let Some((number, attempt)) =
                        self.connection.filter(|_| context.shared.twin.has(Defect::LeavesFirst))
                    {
                        self.connection = None;
                        close_connection(context, attempt, &Disconnect::close(codes::TAKEN_OVER, ""));
                        self.slot.handle_lost(context.shared.net.millis(), number);
                        return Law::Protocol.broken("a connection was taken over by none");
                    }
                }
                context.shared.record.is_answered(request.attempt);
                close_connection(context, request.attempt, &disconnect);
                Ok(())
            }
            Action::Renew(request) => {
                context.shared.census.renewed += 1;
                context.shared.record.refused(self.session)?;
                context.todo.push_back(Todo::Renew(request));
                Ok(())
            }
            Action::Readmit(request) => {
                context.shared.census.readmitted += 1;
                if !context.shared.twin.has(Defect::NeverReadmits) {
                    context.todo.push_back(Todo::Readmit(request));
                }
                Ok(())
            }
            Action::Committed(commit, answer) => self.committed(context, commit, answer),
            Action::Delivered(delivery, is_known) => {
                if context.shared.twin.has(Defect::LosesDeliveries) && !is_known {
                    return Ok(());
                }
                let Shared { record, census, .. } = &mut *context.shared;
                record.delivered(census, delivery, is_known)
            }
            Action::End(cause, undelivered) => self.ended(context, cause, undelivered),
            Action::Release => {
                if !context.shared.twin.has(Defect::KeepsItsSlot) {
                    context.slots.free(&self.session, self.slot_id);
                }
                Ok(())
            }
            Action::StopHandler => {
                context.shared.census.stopped += 1;
                self.handler.stop();
                Ok(())
            }
            Action::Report(report) => self.report(context, report),
        }
    }

    fn ask(&mut self, context: &mut Context<'_>, StoreRequest { number, work }: StoreRequest<Message>) -> Verdict {
        self.asked = number;
        let asker =
            Asker { node: context.node, starts: context.starts, task: self.task, purpose: Purpose::Session(number) };
        let work = match work {
            server::Work::ReadForwarded => store::Work::ReadForwarded(self.fence),
            server::Work::Remove => store::Work::Remove(self.fence),
            server::Work::Write(change) => {
                let is_empty = change.taken.messages.is_empty() && change.sent.messages.is_empty();
                if is_empty && context.shared.twin.has(Defect::DoesNotAskTheStore) {
                    context.shared.net.after(0, Event::Answer(asker, store::Answer::Done(Ok(()))));
                    return Ok(());
                }
                let leaves_out =
                    std::mem::take(&mut self.is_repairing) && context.shared.twin.has(Defect::RepairsInPart);
                let change = if leaves_out { without_what_was_received(&change) } else { change };
                store::Work::Write(self.fence, change)
            }
        };
        context.store.ask(context.shared, asker, self.session, work);
        Ok(())
    }

    fn committed(&mut self, context: &mut Context<'_>, commit: u32, answer: Result<(), NotCommitted>) -> Verdict {
        if self.early.contains(&commit) && context.shared.twin.has(Defect::CommitsTooEarly) {
            return Ok(());
        }
        let answer = match (context.shared.twin.defect(), answer) {
            (Some(Defect::ForgetsItsCommits), Err(NotCommitted::Moved)) => return Ok(()),
            (Some(Defect::SaysThatItIsOver), Err(NotCommitted::Moved)) => Err(NotCommitted::Over),
            (_, answer) => answer,
        };
        let Shared { record, census, .. } = &mut *context.shared;
        let number = record.committed(census, commit, answer, self.is_fenced)?;
        self.handler.committed(number, commit, answer);
        if let Some((number, message)) = self.received.filter(|_| context.shared.twin.strikes(Defect::ReceivesAgain)) {
            self.handler.deliver(context.shared, number, message)?;
        }
        Ok(())
    }

    fn ended(&mut self, context: &mut Context<'_>, cause: Cause, mut undelivered: Vec<Message>) -> Verdict {
        let Shared { record, census, .. } = &mut *context.shared;
        match cause {
            Cause::Client => census.client_ends += 1,
            Cause::Expired => census.expired += 1,
            Cause::Evicted => census.evicted += 1,
            Cause::Revoked => census.revoked += 1,
            _ => {}
        }
        let is_final = !matches!(cause, Cause::Moved | Cause::Shutdown | Cause::Failed);
        if is_final {
            record.ended(self.session);
        }
        if context.shared.twin.has(Defect::KeepsWhatIsUndelivered) {
            undelivered.pop();
        }
        self.handler.end(cause, undelivered)
    }

    fn report(&mut self, context: &mut Context<'_>, report: Report) -> Verdict {
        let census = &mut context.shared.census;
        match report {
            Report::Resumed | Report::Violation(_) => {}
            Report::TakenOver => census.takeovers += 1,
            Report::Unreadable => return Law::Protocol.broken("a message can't be read"),
            Report::Silent => census.silent += 1,
            Report::Fenced => {
                census.fenced += 1;
                self.is_fenced = true;
            }
            Report::Repaired => {
                census.repaired += 1;
                self.is_repairing = true;
            }
            Report::StoreTimeout => census.store_timeouts += 1,
            Report::Panicked { progressed } => {
                let now = context.shared.net.millis();
                context.slots.note_failure(now, self.session, progressed);
            }
        }
        Ok(())
    }

    /// What a broken driver does at once of what its handler has just asked for.
    fn act_early(&mut self, context: &mut Context<'_>) -> Verdict {
        for asked in self.handler.take_asked() {
            match (asked, self.connection) {
                (Asked::Send(message), Some((_, attempt))) if context.shared.twin.has(Defect::SendsTooEarly) => {
                    self.early.insert(message.number);
                    context.shared.give(attempt, Way::Down, Frame::Message(message));
                }
                (Asked::Commit(commit), _) if context.shared.twin.has(Defect::CommitsTooEarly) => {
                    self.early.insert(commit);
                    let Shared { record, census, .. } = &mut *context.shared;
                    record.committed(census, commit, Ok(()), self.is_fenced)?;
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// What a handler has asked for.
#[derive(Clone, Copy, Debug)]
pub enum Asked {
    Send(Message),
    Commit(u32),
}

/// A node closes a connection.
pub fn close_connection(context: &mut Context<'_>, attempt: Attempt, disconnect: &Disconnect) {
    if let Disconnect::Close(code, _) = disconnect {
        context.shared.give(attempt, Way::Down, Frame::Close(*code));
    }
    context.connections.remove(&attempt.0);
    context.shared.leave(attempt, Way::Down);
}

fn without_what_was_received(change: &Change<Message>) -> Arc<Change<Message>> {
    let last = change.taken.last();
    Arc::new(change.clone().taken(Numbered::none(last)).committed(last))
}

/// Whether a node has told its client with this that it broke the protocol.
pub fn says_violation(disconnect: &Disconnect) -> bool {
    matches!(disconnect, Disconnect::Close(close::PROTOCOL_ERROR, _))
}

fn describe(action: &Action<Nodes>) -> String {
    match action {
        Action::Ask(request) => format!("asks the store {request:?}"),
        Action::Receive(number, message) => format!("receives {number}: {message:?}"),
        Action::Attach(attempt, request) => format!("attaches {request:?} as {attempt:?}"),
        Action::Disconnect(disconnect) => format!("disconnects: {disconnect:?}"),
        Action::Refuse(request, disconnect) => format!("refuses {request:?}: {disconnect:?}"),
        Action::Renew(request) => format!("renews {request:?}"),
        Action::Readmit(request) => format!("readmits {request:?}"),
        Action::Committed(commit, answer) => format!("commit {commit}: {answer:?}"),
        Action::Delivered(delivery, is_known) => format!("delivery {delivery}: {is_known}"),
        Action::End(cause, undelivered) => format!("ends: {cause:?}, {undelivered:?}"),
        Action::Release => "releases its slot".to_owned(),
        Action::StopHandler => "stops its handler".to_owned(),
        Action::Report(report) => format!("{report:?}"),
    }
}
