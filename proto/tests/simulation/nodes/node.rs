//! A node: its table of sessions, and the way of a connection to its session, as the session manager of a server has it.

use std::collections::{BTreeMap, VecDeque};

use undrop_proto::server::{
    Beginning, Claim, Disconnect, Fence, Full, Kept, Numbered, Share, Slot, SlotId, Slots, StoreError, Taken, codes,
};
use undrop_proto::session::{self, NotResumed, Session, Stored};
use undrop_proto::wire::{Control, Terms, Token, Welcome};
use undrop_proto::{Attempt, close};

use super::driver::{Connection, Context, Driver, Request, Requests, Todo, close_connection};
use super::handler::Handler;
use super::store::{Answer, Asker, Purpose, Store, Work};
use super::world::{self, Shared};
use crate::law::{Law, Verdict};
use crate::message::{Frame, Message};
use crate::network::Way;

/// More than there can be to do at once.
const ENOUGH: usize = 2_000;
/// What a node asks of its clients.
pub const TERMS: Terms = Terms { spread: 0, largest: 1 << 20 };
/// How long a node is down.
const DOWN: [u32; 3] = [50, 700, 6_000];

pub struct Node {
    index: usize,
    /// How often it was started.
    starts: u32,
    pub is_up: bool,
    is_closing: bool,
    /// It has no room for more that comes in until then.
    throttled_until: u64,
    slots: Table,
    tasks: BTreeMap<u64, Task>,
    removals: BTreeMap<u64, Removal>,
    connections: BTreeMap<u32, Connection>,
    todo: VecDeque<Todo>,
}

/// The sessions of a node; a task is found by its number.
pub type Table = Slots<usize, (), u64>;

/// The task of a session on a node, from the moment on at which its slot is taken.
struct Task {
    session: usize,
    slot_id: SlotId,
    requests: Requests,
    state: State,
}

enum State {
    /// The store makes the session, for this connection.
    Creating {
        attempt: Attempt,
        fence: Fence,
        instead: Option<NotResumed>,
    },
    /// The store is asked for the session.
    Claiming {
        request: Request,
    },
    Runs(Box<Driver>),
}

/// The session's handler has panicked too often. The store is asked for the session, and then to remove it.
struct Removal {
    request: Request,
    fence: Fence,
    is_claimed: bool,
}

/// Something happens to a node.
#[derive(Clone, Copy, Debug)]
pub enum Event {
    /// The store has taken too long to answer the session manager.
    StoreTimeout(u64),
    Handler(u64),
    Alarm(u64),
    /// The connection takes frames again.
    Unblocked(Attempt),
    /// There may be room again for what comes in.
    Unthrottled,
}

impl Node {
    pub fn new(index: usize) -> Self {
        Self {
            index,
            starts: 0,
            is_up: true,
            is_closing: false,
            throttled_until: 0,
            slots: Table::new(64),
            tasks: BTreeMap::new(),
            removals: BTreeMap::new(),
            connections: BTreeMap::new(),
            todo: VecDeque::new(),
        }
    }

    // What happens.

    /// A frame has arrived on a connection to this node.
    pub fn arrives(&mut self, shared: &mut Shared, store: &mut Store, attempt: Attempt, frame: Frame) -> Verdict {
        if !self.is_up || shared.net.has_left(attempt, Way::Down) {
            return Ok(());
        }
        if let Some(connection) = self.connections.get_mut(&attempt.0) {
            connection.is_gone |= matches!(frame, Frame::Gone);
            connection.inbound.push_back(frame);
            if let Some(task) = connection.task {
                self.todo.push_back(Todo::Run(task));
            }
            return self.go_on(shared, store);
        }
        if matches!(frame, Frame::Gone) {
            return Ok(());
        }
        self.connections.insert(attempt.0, Connection::default());
        shared.record.asks(attempt);
        match frame {
            Frame::Control(Control::New) => self.open(shared, store, attempt, None)?,
            Frame::Control(Control::Resume { token: Token(token), known }) => {
                self.resume(shared, store, Request { attempt, session: token as usize, known })?;
            }
            frame => return Law::Protocol.broken(format!("a connection begins with {frame:?}")),
        }
        self.go_on(shared, store)
    }

    /// The store has answered.
    pub fn answered(&mut self, shared: &mut Shared, store: &mut Store, asker: Asker, answer: Answer) -> Verdict {
        if asker.starts != self.starts || !self.is_up {
            return Ok(());
        }
        match (asker.purpose, answer) {
            (Purpose::Session(number), answer) => {
                self.drive(shared, store, asker.task, |driver, context| match answer {
                    Answer::Done(answer) => driver.answered(context, number, answer),
                    Answer::Written { has_forwarded } => driver.written(context, number, has_forwarded),
                    Answer::Forwarded(forwarded) => driver.reads_forwarded(context, number, forwarded),
                    Answer::Claim(..) => Ok(()),
                })?;
            }
            (Purpose::Manager, answer) => self.manager_is_answered(shared, store, asker.task, answer)?,
        }
        self.go_on(shared, store)
    }

    pub fn happens(&mut self, shared: &mut Shared, store: &mut Store, starts: u32, event: Event) -> Verdict {
        if starts != self.starts || !self.is_up {
            return Ok(());
        }
        match event {
            Event::StoreTimeout(task) => {
                self.manager_is_answered(shared, store, task, Answer::Done(Err(StoreError::Unavailable)))?;
            }
            Event::Handler(task) => self.drive(shared, store, task, Driver::wakes)?,
            Event::Alarm(task) => self.drive(shared, store, task, |driver, _| {
                driver.alarm.rings();
                Ok(())
            })?,
            Event::Unblocked(attempt) => {
                let task = self.connections.get(&attempt.0).and_then(|connection| connection.task);
                self.todo.extend(task.map(Todo::Run));
            }
            Event::Unthrottled => self.todo.extend(self.tasks.keys().copied().map(Todo::Run)),
        }
        self.go_on(shared, store)
    }

    /// Nothing is sent on this connection for so long.
    pub fn block(&mut self, shared: &mut Shared, attempt: Attempt, span: u32) -> Verdict {
        if let Some(connection) = self.connections.get_mut(&attempt.0) {
            connection.blocked_until = shared.net.now + u64::from(span);
            let event = world::Event::Node(self.index, self.starts, Event::Unblocked(attempt));
            shared.net.after(span, event);
        }
        Ok(())
    }

    /// A task of the app sends into each of its sessions.
    pub fn app_sends(&mut self, shared: &mut Shared, store: &mut Store, count: u32) -> Verdict {
        for task in self.open_tasks() {
            self.drive(shared, store, task, |driver, context| driver.app_sends(context, count))?;
        }
        self.go_on(shared, store)
    }

    /// A message was forwarded to this session, which may be on this node.
    pub fn is_woken(&mut self, shared: &mut Shared, store: &mut Store, session: usize) -> Verdict {
        let on_it = |task: &Task| task.session == session;
        let tasks: Vec<u64> = self.tasks.iter().filter(|(_, task)| on_it(task)).map(|(number, _)| *number).collect();
        for task in tasks {
            self.drive(shared, store, task, |driver, context| {
                driver.is_woken(context);
                Ok(())
            })?;
        }
        self.go_on(shared, store)
    }

    pub fn app_closes(&mut self, shared: &mut Shared, store: &mut Store) -> Verdict {
        for task in self.open_tasks() {
            self.drive(shared, store, task, |driver, context| {
                driver.app_closes(context);
                Ok(())
            })?;
        }
        self.go_on(shared, store)
    }

    /// It has no room for more that comes in, for so long.
    pub fn throttle(&mut self, shared: &mut Shared, span: u32) -> Verdict {
        self.throttled_until = shared.net.now + u64::from(span);
        shared.net.after(span, world::Event::Node(self.index, self.starts, Event::Unthrottled));
        Ok(())
    }

    /// The app has ended all sessions of the client.
    pub fn revoke(&mut self, shared: &mut Shared, store: &mut Store) -> Verdict {
        for (number, task) in &mut self.tasks {
            shared.record.revoked_on_a_node(task.session);
            task.requests.revoke = true;
            self.todo.push_back(Todo::Run(*number));
        }
        self.go_on(shared, store)
    }

    /// It dies with all that it has in memory, and comes back.
    pub fn kill(&mut self, shared: &mut Shared) -> Verdict {
        if !self.is_up {
            return Ok(());
        }
        shared.census.kills += 1;
        self.end(shared);
        Ok(())
    }

    /// It ends all its sessions, and comes back.
    pub fn shut_down(&mut self, shared: &mut Shared, store: &mut Store) -> Verdict {
        if !self.is_up || self.is_closing {
            return Ok(());
        }
        shared.census.shutdowns += 1;
        self.is_closing = true;
        for task in self.slots.close() {
            if let Some(task) = self.tasks.get_mut(&task) {
                task.requests.shutdown = true;
            }
            self.todo.push_back(Todo::Run(task));
        }
        self.go_on(shared, store)
    }

    /// Whether nothing is left to be done.
    pub fn close(&self) -> Verdict {
        Law::I4.holds(self.is_up && !self.is_closing, || format!("node {} is down", self.index))?;
        for task in self.tasks.values() {
            let State::Runs(driver) = &task.state else {
                return Law::I4.broken(format!("the store is asked for session {}", task.session));
            };
            Law::I4.holds(driver.rests(), || format!("session {} is stuck", task.session))?;
        }
        Ok(())
    }

    // The way of a connection to its session.

    /// Makes a session for this connection, in place of one that it can't resume for this reason.
    fn open(
        &mut self,
        shared: &mut Shared,
        store: &mut Store,
        attempt: Attempt,
        instead: Option<NotResumed>,
    ) -> Verdict {
        let session = shared.record.begin(attempt);
        match self.take(shared, session) {
            Ok((task, slot_id)) => {
                let fence = shared.record.next_fence();
                self.insert(task, slot_id, session, State::Creating { attempt, fence, instead });
                self.ask(shared, store, task, session, Work::Create(fence));
            }
            Err(full) => self.reject(shared, store, attempt, &full),
        }
        Ok(())
    }

    fn resume(&mut self, shared: &mut Shared, store: &mut Store, request: Request) -> Verdict {
        let Request { attempt, session, known } = request;
        let fence = shared.record.next_fence();
        match self.take(shared, session) {
            Ok((task, slot_id)) => {
                self.insert(task, slot_id, session, State::Claiming { request });
                self.ask(shared, store, task, session, Work::Claim(fence, known));
            }
            Err(Full::Taken(task)) => {
                if let Some(task) = self.tasks.get_mut(&task) {
                    task.requests.resumes.push(request);
                }
                self.todo.push_back(Todo::Run(task));
            }
            Err(Full::Failed) => {
                let task = shared.record.next_task();
                self.removals.insert(task, Removal { request, fence, is_claimed: false });
                self.ask(shared, store, task, session, Work::Claim(fence, known));
            }
            Err(full) => self.reject(shared, store, attempt, &full),
        }
        Ok(())
    }

    /// The store has answered the session manager, or has taken too long to.
    fn manager_is_answered(&mut self, shared: &mut Shared, store: &mut Store, number: u64, answer: Answer) -> Verdict {
        if let Some(removal) = self.removals.remove(&number) {
            return self.removal_is_answered(shared, store, number, removal, answer);
        }
        let Some(task) = self.tasks.get(&number) else { return Ok(()) };
        let (session, slot_id) = (task.session, task.slot_id);
        let unavailable = matches!(answer, Answer::Done(Err(_)));
        let is_late = matches!(answer, Answer::Claim(Claim::Late, _));
        let is_past = matches!(answer, Answer::Claim(Claim::Past, _));
        let is_lost = matches!(answer, Answer::Claim(Claim::Lost, _));
        match (&task.state, answer) {
            (State::Runs(_), _) => return Ok(()),
            (State::Creating { attempt, fence, instead }, Answer::Done(Ok(()))) => {
                let (attempt, fence, instead) = (*attempt, *fence, *instead);
                self.begin(shared, number, (session, slot_id), attempt, fence, instead);
                return Ok(());
            }
            (State::Claiming { request }, Answer::Claim(Claim::Taken(kept), fence)) => {
                let request = *request;
                return self.restore(shared, (number, slot_id), request, kept, fence);
            }
            _ => {}
        }
        self.slots.free(&session, slot_id);
        let Some(task) = self.tasks.remove(&number) else { return Ok(()) };
        self.todo.extend(task.requests.resumes.into_iter().map(Todo::Readmit));
        match task.state {
            State::Creating { attempt, .. } => self.turn_away(shared, store, attempt, close::TRY_AGAIN_LATER),
            State::Claiming { request } if is_late => {
                shared.census.late += 1;
                self.refuse(shared, store, request.attempt, codes::TAKEN_OVER);
            }
            State::Claiming { request } if is_past => {
                return Law::Protocol.broken(format!("{request:?} has received less than it acknowledged"));
            }
            State::Claiming { request } if unavailable => {
                self.turn_away(shared, store, request.attempt, close::TRY_AGAIN_LATER);
            }
            State::Claiming { request } => {
                let reason = if is_lost { NotResumed::Lost } else { NotResumed::Over };
                self.open(shared, store, request.attempt, Some(reason))?;
            }
            State::Runs(_) => {}
        }
        Ok(())
    }

    fn removal_is_answered(
        &mut self,
        shared: &mut Shared,
        store: &mut Store,
        number: u64,
        mut removal: Removal,
        answer: Answer,
    ) -> Verdict {
        let session = removal.request.session;
        match answer {
            Answer::Claim(Claim::Taken(_), fence) if !removal.is_claimed => {
                removal.is_claimed = true;
                removal.fence = fence;
                self.ask(shared, store, number, session, Work::Remove(fence));
                self.removals.insert(number, removal);
                return Ok(());
            }
            Answer::Done(Ok(())) if removal.is_claimed => {
                shared.census.failed += 1;
                self.slots.forget_failures(&session);
            }
            _ => {}
        }
        // As its client is told that the session is lost, it may as well be.
        shared.record.ended(session);
        self.open(shared, store, removal.request.attempt, Some(NotResumed::Over))
    }

    fn begin(
        &mut self,
        shared: &mut Shared,
        number: u64,
        (session, slot_id): (usize, SlotId),
        attempt: Attempt,
        fence: Fence,
        instead: Option<NotResumed>,
    ) {
        let time_to_live = shared.setup.time_to_live;
        let first = Slot::<super::driver::Nodes>::FIRST_CONNECTION;
        let make = if instead.is_some() { Session::instead } else { Session::<Message, session::Server>::new };
        let welcome = Welcome { lost: instead == Some(NotResumed::Lost), ..welcome(shared, session) };
        let beginning = Beginning {
            session: make(shared.setup.bounds, welcome, first),
            time_to_live,
            inbox: Numbered::none(0),
            forwarded: 0,
        };
        let slot = Slot::open(shared.setup.config, shared.net.millis(), beginning);
        shared.record.is_answered(attempt);
        let handler = Handler::new(&shared.record, session, number, 0, &[], 0);
        let driver = Driver::new((number, session, slot_id), fence, slot, Some((first, attempt)), handler);
        self.spawn(number, driver);
    }

    fn restore(
        &mut self,
        shared: &mut Shared,
        (number, slot_id): (u64, SlotId),
        request: Request,
        kept: Kept<Message>,
        fence: Fence,
    ) -> Verdict {
        let Request { attempt, session, known } = request;
        let Kept { inbox, outbox, forwarded, .. } = kept;
        shared.census.restores += 1;
        let handler = Handler::new(&shared.record, session, number, outbox.after, &outbox.messages, inbox.after);
        let stored = Stored {
            acknowledged: outbox.after,
            messages: outbox.messages.into_iter().map(|message| (message, u64::from(message.bytes))),
            taken: inbox.last(),
            attempt: known.answered,
        };
        let beginning = Beginning {
            session: Session::<Message, session::Server>::restore(
                shared.setup.bounds,
                welcome(shared, session),
                stored,
            ),
            time_to_live: shared.setup.time_to_live,
            inbox,
            forwarded,
        };
        let (slot, resumed) = Slot::restore(shared.setup.config, shared.net.millis(), beginning, known, TERMS);
        shared.record.is_answered(attempt);
        let connection = match resumed {
            Ok(number) => Some((number, attempt)),
            Err(reason) => return Law::Protocol.broken(format!("{request:?} can't resume: {reason:?}")),
        };
        let driver = Driver::new((number, session, slot_id), fence, slot, connection, handler);
        self.spawn(number, driver);
        Ok(())
    }

    /// The connection of this driver is its task's from now on, and it runs.
    fn spawn(&mut self, number: u64, driver: Driver) {
        if let Some((_, attempt)) = driver.connection
            && let Some(connection) = self.connections.get_mut(&attempt.0)
        {
            connection.task = Some(number);
        }
        if let Some(task) = self.tasks.get_mut(&number) {
            task.state = State::Runs(Box::new(driver));
        }
        self.todo.push_back(Todo::Run(number));
    }

    /// Takes a slot, for a task of this number.
    fn take(&mut self, shared: &mut Shared, session: usize) -> Result<(u64, SlotId), Full<u64>> {
        let number = shared.record.next_task();
        let share = Share { owner: (), sessions: shared.setup.sessions, evicts_after: 0 };
        let Taken { id, evicted } = self.slots.take(shared.net.millis(), session, Some(share), number)?;
        if let Some(evicted) = evicted {
            if let Some(task) = self.tasks.get_mut(&evicted) {
                task.requests.evict = true;
            }
            self.todo.push_back(Todo::Run(evicted));
        }
        Ok((number, id))
    }

    fn insert(&mut self, number: u64, slot_id: SlotId, session: usize, state: State) {
        self.tasks.insert(number, Task { session, slot_id, requests: Requests::default(), state });
    }

    /// Asks the store, for as long as a client waits.
    fn ask(&mut self, shared: &mut Shared, store: &mut Store, task: u64, session: usize, work: Work) {
        let asker = Asker { node: self.index, starts: self.starts, task, purpose: Purpose::Manager };
        store.ask(shared, asker, session, work);
        let event = world::Event::Node(self.index, self.starts, Event::StoreTimeout(task));
        shared.net.after(shared.setup.config.greeting, event);
    }

    /// There is no slot for this connection.
    fn reject(&mut self, shared: &mut Shared, store: &mut Store, attempt: Attempt, full: &Full<u64>) {
        shared.census.failing += u64::from(*full == Full::Failing);
        let code = if *full == Full::Closing { close::RESTART } else { close::TRY_AGAIN_LATER };
        self.turn_away(shared, store, attempt, code);
    }

    fn turn_away(&mut self, shared: &mut Shared, store: &mut Store, attempt: Attempt, code: u16) {
        shared.census.busy += 1;
        self.refuse(shared, store, attempt, code);
    }

    fn refuse(&mut self, shared: &mut Shared, store: &mut Store, attempt: Attempt, code: u16) {
        shared.record.is_answered(attempt);
        close_connection(&mut self.context(shared, store), attempt, &Disconnect::close(code, ""));
    }

    // How it is done.

    /// Does what there is to do, until there is nothing left.
    fn go_on(&mut self, shared: &mut Shared, store: &mut Store) -> Verdict {
        let mut done = 0;
        while let Some(todo) = self.todo.pop_front() {
            done += 1;
            Law::I4.holds(done < ENOUGH, || format!("node {} is never done", self.index))?;
            match todo {
                Todo::Run(task) => self.run(shared, store, task)?,
                Todo::Readmit(request) => self.resume(shared, store, request)?,
                Todo::Renew(request) => self.open(shared, store, request.attempt, Some(NotResumed::Lost))?,
            }
        }
        if self.is_closing && self.tasks.is_empty() && self.removals.is_empty() {
            self.end(shared);
        }
        Ok(())
    }

    fn run(&mut self, shared: &mut Shared, store: &mut Store, number: u64) -> Verdict {
        let Some(mut task) = self.tasks.remove(&number) else { return Ok(()) };
        if let State::Runs(driver) = &mut task.state
            && driver.run(&mut self.context(shared, store), &mut task.requests)?
        {
            self.todo.extend(task.requests.resumes.into_iter().map(Todo::Readmit));
            return Ok(());
        }
        self.tasks.insert(number, task);
        Ok(())
    }

    /// Has the driver of this task do something, and then whatever follows from it.
    fn drive(
        &mut self,
        shared: &mut Shared,
        store: &mut Store,
        number: u64,
        act: impl FnOnce(&mut Driver, &mut Context<'_>) -> Verdict,
    ) -> Verdict {
        let Some(mut task) = self.tasks.remove(&number) else { return Ok(()) };
        let result = match &mut task.state {
            State::Runs(driver) => act(driver, &mut self.context(shared, store)),
            State::Creating { .. } | State::Claiming { .. } => Ok(()),
        };
        self.tasks.insert(number, task);
        self.todo.push_back(Todo::Run(number));
        result
    }

    fn context<'a>(&'a mut self, shared: &'a mut Shared, store: &'a mut Store) -> Context<'a> {
        Context {
            node: self.index,
            starts: self.starts,
            throttled_until: self.throttled_until,
            shared,
            store,
            connections: &mut self.connections,
            slots: &mut self.slots,
            todo: &mut self.todo,
        }
    }

    /// The tasks whose sessions an app can send into.
    fn open_tasks(&self) -> Vec<u64> {
        let is_open = |task: &Task| matches!(&task.state, State::Runs(driver) if driver.handler.is_open());
        self.tasks.iter().filter(|(_, task)| is_open(task)).map(|(number, _)| *number).collect()
    }

    /// All that it has in memory is gone, and its connections with it.
    fn end(&mut self, shared: &mut Shared) {
        for attempt in shared.record.attempts_at(self.index) {
            shared.record.is_answered(attempt);
            shared.leave(attempt, Way::Down);
        }
        for task in self.tasks.keys() {
            shared.record.task_dies(*task);
        }
        *self = Self { starts: self.starts + 1, is_up: false, ..Self::new(self.index) };
        let down = shared.net.random.pick(&DOWN);
        shared.net.after(down, world::Event::NodeStarts(self.index));
    }
}

fn welcome(shared: &Shared, session: usize) -> Welcome {
    Welcome { token: Token(session as u128), time_to_live: shared.setup.time_to_live, terms: TERMS, lost: false }
}
