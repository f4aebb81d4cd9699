//! All that can happen in a small world: the real ends, a few messages each way, a few connections that lose the end of
//! what is under way, a server that is killed and restored from its store, which may have gone back to an earlier state.
//! Every order of events is tried.

use stateright::{Checker, Model, Property};

use undrop_proto::outbox::Bounds;
use undrop_proto::session::{Client, Heard, NotResumed, Output, Request, Reset, Server, Session, Stored, Violation};
use undrop_proto::wire::{Control, Terms, Token, Welcome};
use undrop_proto::{Attempt, Millis, Outcome};

use crate::network::Way;

/// How much of everything there is.
#[derive(Clone, Copy, Debug)]
struct Small {
    /// Messages in each direction.
    up: u8,
    down: u8,
    /// Connections that can be cut, and one more.
    connections: u8,
    /// How often the server is killed.
    kills: u8,
    /// How often a session without a connection is forgotten.
    evictions: u8,
    /// How often the store goes back to an earlier state, with the server that is killed.
    losses: u8,
    /// Whether the client ends the session, at any moment.
    client_ends: bool,
    /// The same for the server.
    server_ends: bool,
    defect: Option<Defect>,
}

/// What is wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Defect {
    /// An end hears every connection.
    HearsTheOlderConnection,
    /// A server says that it has taken what it has not stored.
    TakesBeforeItIsStored,
    /// Neither end compares what the other has with what it knows of that.
    ComparesNoCounts,
    /// A server does not compare the connection on which the client was answered with the last that it knows of.
    ComparesNoConnections,
    /// The middle of what is under way is lost, and not its end. No protocol of counts survives this: the test shows
    /// that the model would notice.
    LosesFromTheMiddle,
}

#[derive(Clone, Debug, Eq, Hash, PartialEq)]
enum Frame {
    Control(Control),
    Message(u8),
}

#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
struct Connection {
    up: Vec<Frame>,
    down: Vec<Frame>,
    /// Whatever it is given is lost.
    cut: bool,
    /// The server has heard the greeting.
    greeted: bool,
}

#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
struct StoredSession {
    acknowledged: u64,
    messages: Vec<u8>,
    taken: u64,
    /// The connection that the session was resumed on last.
    attempt: u32,
    /// Which those are; each is a bit.
    arrived: u32,
}

#[derive(Clone, Debug, Eq, Hash, PartialEq)]
struct World {
    client: Session<u8, Client>,
    server: Option<Session<u8, Server>>,
    /// The connection that it was on before the last step.
    server_was_on: Option<Attempt>,
    /// What has arrived at the server and is not stored.
    storing: Vec<u8>,
    stored: Option<StoredSession>,
    /// An earlier state of the store.
    earlier: Option<StoredSession>,
    connections: Vec<Connection>,
    sessions: u8,
    up: Messages,
    down: Messages,
    kills: u8,
    evictions: u8,
    losses: u8,
    violation: Option<&'static str>,
}

/// What became of the messages of one direction; each is a bit.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
struct Messages {
    sent: u8,
    arrived: u32,
    acknowledged: u32,
    returned: u32,
    /// Nobody is left to know.
    forgotten: u32,
    /// The store had them, and lost them.
    undone: u32,
}

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
enum Action {
    ClientSends,
    ServerSends,
    Connect,
    Arrives(usize, Way),
    /// So many frames of what is under way up and down are still to arrive.
    Cut(usize, usize, usize),
    /// The same with those lost that come first.
    Break(usize),
    ClientNotices,
    ServerNotices,
    Store,
    ClientTimer,
    ServerTimer,
    Kill,
    /// The state of the store is the one to which it goes back.
    Keep,
    /// The server is killed, and its store goes back to that state.
    KillAndLose,
    Evict,
    ClientEnds,
    ServerEnds,
}

const TERMS: Terms = Terms { spread: 1, largest: 1 };
const NOW: Millis = Millis(0);
const LATER: Millis = Millis(1_000);

impl Model for Small {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        vec![World {
            client: Session::<u8, Client>::new(Bounds::default()),
            server: None,
            server_was_on: None,
            storing: Vec::new(),
            stored: None,
            earlier: None,
            connections: Vec::new(),
            sessions: 0,
            up: Messages::default(),
            down: Messages::default(),
            kills: 0,
            evictions: 0,
            losses: 0,
            violation: None,
        }]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        let server = world.server.as_ref();
        if world.up.sent < self.up && !world.client.is_ending() {
            actions.push(Action::ClientSends);
        }
        if world.down.sent < self.down && server.is_some_and(|server| !server.is_ending()) {
            actions.push(Action::ServerSends);
        }
        let more = world.connections.len() < self.connections as usize;
        // The last connection holds, unless an older one that is late takes its place.
        let holds = world.connections.iter().all(|connection| connection.up.is_empty());
        if (more || holds) && world.client.attempt().is_none() && !world.client.is_over() {
            actions.push(Action::Connect);
        }
        for (index, connection) in world.connections.iter().enumerate() {
            if !connection.up.is_empty() {
                actions.push(Action::Arrives(index, Way::Up));
            }
            if !connection.down.is_empty() {
                actions.push(Action::Arrives(index, Way::Down));
            }
            if more && !connection.cut {
                for up in 0..=connection.up.len() {
                    actions.extend((0..=connection.down.len()).map(|down| Action::Cut(index, up, down)));
                }
                if self.defect == Some(Defect::LosesFromTheMiddle) && connection.up.len() > 1 {
                    actions.push(Action::Break(index));
                }
            }
        }
        if world.client.attempt().is_some_and(|connection| world.is_cut(connection)) {
            actions.push(Action::ClientNotices);
        }
        if server.and_then(Session::attempt).is_some_and(|connection| world.is_cut(connection)) {
            actions.push(Action::ServerNotices);
        }
        if !world.storing.is_empty() {
            actions.push(Action::Store);
        }
        if world.client.poll_timeout().is_some() {
            actions.push(Action::ClientTimer);
        }
        if server.is_some_and(|server| server.poll_timeout().is_some()) {
            actions.push(Action::ServerTimer);
        }
        if more && world.kills < self.kills && server.is_some() {
            actions.push(Action::Kill);
        }
        if world.losses < self.losses && world.stored.is_some() {
            match &world.earlier {
                None => actions.push(Action::Keep),
                Some(_) if more => actions.push(Action::KillAndLose),
                Some(_) => {}
            }
        }
        let idle = world.stored.is_some() && server.is_none_or(|server| server.attempt().is_none());
        if world.evictions < self.evictions && idle {
            actions.push(Action::Evict);
        }
        if self.client_ends && !world.client.is_ending() {
            actions.push(Action::ClientEnds);
        }
        if self.server_ends && server.is_some_and(|server| !server.is_ending()) {
            actions.push(Action::ServerEnds);
        }
    }

    fn next_state(&self, world: &World, action: Action) -> Option<World> {
        let mut next = world.clone();
        if next.violation.is_some() {
            return None;
        }
        if let Err(violation) = next.step(self, action) {
            next.violation = Some(violation);
        }
        next.server_was_on = None;
        if next == *world { None } else { Some(next) }
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("no message is lost, doubled or reordered", |_, world: &World| world.violation.is_none()),
            Property::always("who can do nothing more has nothing left to do", |small: &Small, world: &World| {
                let mut actions = Vec::new();
                small.actions(world, &mut actions);
                !actions.is_empty() || world.violation.is_some() || world.is_settled()
            }),
            Property::sometimes("a session goes on", |_, world: &World| {
                world.connections.len() > 1 && world.sessions == 1 && world.client.is_live()
            }),
            Property::sometimes("all messages arrive", |small: &Small, world: &World| {
                world.up.acknowledged.count_ones() == u32::from(small.up)
                    && world.down.acknowledged.count_ones() == u32::from(small.down)
            }),
        ]
    }
}

impl World {
    fn step(&mut self, small: &Small, action: Action) -> Result<(), &'static str> {
        self.server_was_on = self.server.as_ref().and_then(Session::attempt);
        match action {
            Action::ClientSends => {
                self.client.send(NOW, self.up.sent, 1, None).map_err(|_| "the client refuses")?;
                self.up.sent += 1;
            }
            Action::ServerSends => {
                let message = self.down.sent;
                if let Some(stored) = &mut self.stored {
                    stored.messages.push(message);
                }
                if let Some(server) = &mut self.server {
                    server.send(NOW, message, 1, None).map_err(|_| "the server refuses")?;
                }
                self.down.sent += 1;
            }
            Action::Connect => {
                self.connections.push(Connection::default());
                self.client.handle_opened(attempt(self.connections.len() - 1));
            }
            Action::Arrives(connection, Way::Up) => self.up(small, connection)?,
            Action::Arrives(connection, Way::Down) => self.down(small, connection)?,
            Action::Cut(connection, up, down) => {
                let connection = &mut self.connections[connection];
                connection.up.truncate(up);
                connection.down.truncate(down);
                connection.cut = true;
            }
            Action::Break(connection) => {
                self.connections[connection].up.remove(0);
            }
            Action::ClientNotices => {
                if let Some(connection) = self.client.attempt() {
                    self.client.handle_lost(connection);
                }
            }
            Action::ServerNotices => self.server_loses(),
            Action::Store => {
                let message = self.storing.remove(0);
                self.up.arrives(message)?;
                if let (Some(server), Some(stored)) = (&mut self.server, &mut self.stored) {
                    stored.taken += 1;
                    stored.arrived |= 1 << message;
                    server.take(NOW, stored.taken);
                }
            }
            Action::ClientTimer => self.client.handle_timeout(LATER),
            Action::ServerTimer => {
                if let Some(server) = &mut self.server {
                    server.handle_timeout(LATER);
                }
            }
            Action::Kill => {
                self.kills += 1;
                self.kill();
            }
            Action::Keep => self.earlier = self.stored.clone(),
            Action::KillAndLose => {
                self.losses += 1;
                self.kill();
                self.roll_back();
            }
            Action::Evict => {
                self.evictions += 1;
                match &mut self.server {
                    Some(server) => server.break_off(),
                    None => self.forget(),
                }
            }
            Action::ClientEnds => self.client.end(),
            Action::ServerEnds => {
                if let Some(server) = &mut self.server {
                    server.end();
                }
            }
        }
        self.drain()
    }

    /// The next frame of a connection is at the server.
    fn up(&mut self, small: &Small, connection: usize) -> Result<(), &'static str> {
        let frame = self.connections[connection].up.remove(0);
        if !self.connections[connection].greeted {
            self.connections[connection].greeted = true;
            let Frame::Control(control) = frame else { return Err("a message before the greeting") };
            return self.greet(small, connection, control);
        }
        let Some(server) = &mut self.server else { return Ok(()) };
        let attempt = match small.defect {
            Some(Defect::HearsTheOlderConnection) => server.attempt().unwrap_or(attempt(connection)),
            _ => attempt(connection),
        };
        match frame {
            Frame::Message(message) => {
                if let Some(number) = server.handle_message(attempt, 1).map_err(|violation| violation.reason())? {
                    self.storing.push(message);
                    if small.defect == Some(Defect::TakesBeforeItIsStored) {
                        server.take(NOW, number);
                    }
                }
            }
            Frame::Control(control) => {
                let heard = server.handle_control(NOW, attempt, control).map_err(|violation| violation.reason())?;
                if heard == Heard::Ended && server.is_over() {
                    self.connections[connection].cut = true;
                }
            }
        }
        Ok(())
    }

    fn greet(&mut self, small: &Small, connection: usize, control: Control) -> Result<(), &'static str> {
        let request = Request::try_from(control).map_err(|violation| violation.reason())?;
        let mut lost = false;
        if let Request::Resume { token, mut known } = request
            && token == self.token()
        {
            if small.defect == Some(Defect::ComparesNoCounts) {
                known.acknowledged = 0;
            }
            if small.defect == Some(Defect::ComparesNoConnections) {
                known.answered = 0;
            }
            let was_restored = self.server.is_none() && self.restore();
            let answer =
                self.server.as_mut().map(|server| server.handle_resume(NOW, attempt(connection), known, TERMS));
            match answer {
                Some(Ok(older)) => {
                    let is_late = self.client.attempt() != Some(attempt(connection));
                    if !is_late && self.up.undone & self.up.acknowledged & !self.up.forgotten != 0 {
                        return Err("the store lost what it had acknowledged, and the session goes on");
                    }
                    if let Some(older) = older {
                        self.connections[index(older)].cut = true;
                    }
                    if let Some(stored) = &mut self.stored {
                        stored.attempt = known.attempt;
                    }
                    return Ok(());
                }
                // It is late: the client has been on another connection since.
                Some(Err(NotResumed::Late)) if self.client.attempt() != Some(attempt(connection)) => {
                    self.connections[connection].cut = true;
                    return Ok(());
                }
                Some(Err(NotResumed::Late)) => return Err("the last connection is taken for a late one"),
                Some(Err(NotResumed::Past)) => return Err(Violation::ResumeOfThePast.reason()),
                Some(Err(NotResumed::Lost)) => {
                    if self.losses == 0 {
                        return Err("nothing was lost, and the server says so");
                    }
                    lost = true;
                    if was_restored {
                        self.server = None;
                    }
                }
                Some(Err(NotResumed::Over)) | None => {}
            }
        }
        // A server has room for many sessions, this world for one. The session of a greeting that comes late is nobody's.
        if self.client.attempt() != Some(attempt(connection)) {
            self.connections[connection].cut = true;
            return Ok(());
        }
        // Nobody has the token of the session that there was any more.
        if let Some(mut server) = self.server.take() {
            server.break_off();
            self.server = Some(server);
            self.drain()?;
        }
        self.forget();
        self.sessions += 1;
        self.stored = Some(StoredSession::default());
        let welcome = Welcome { lost, ..self.welcome() };
        self.server = Some(match request {
            Request::New => Session::<u8, Server>::new(Bounds::default(), welcome, attempt(connection)),
            Request::Resume { .. } => Session::<u8, Server>::instead(Bounds::default(), welcome, attempt(connection)),
        });
        Ok(())
    }

    /// Whether there was a session to restore.
    fn restore(&mut self) -> bool {
        let Some(stored) = &self.stored else { return false };
        let messages = stored.messages.clone().into_iter().map(|message| (message, 1));
        let (acknowledged, taken, attempt) = (stored.acknowledged, stored.taken, stored.attempt);
        let stored = Stored { acknowledged, messages, taken, attempt };
        self.server = Some(Session::<u8, Server>::restore(Bounds::default(), self.welcome(), stored));
        true
    }

    fn kill(&mut self) {
        self.server = None;
        self.storing.clear();
        for connection in &mut self.connections {
            // One that nobody has greeted may lead to another server with the same store.
            if connection.greeted {
                connection.up.clear();
            }
            connection.cut = true;
        }
    }

    /// The store goes back to its earlier state.
    fn roll_back(&mut self) {
        let (Some(now), Some(earlier)) = (self.stored.take(), self.earlier.take()) else { return };
        let undone = now.arrived & !earlier.arrived;
        self.up.arrived &= !undone;
        self.up.undone |= undone;
        // What was acknowledged since may be delivered once more, and what was sent since is gone.
        let kept = earlier.messages.iter().fold(0, |bits, message| bits | 1 << message);
        self.down.acknowledged &= !kept;
        let known = self.down.acknowledged | self.down.returned | kept;
        self.down.forgotten |= ((1 << self.down.sent) - 1) & !known;
        self.stored = Some(earlier);
    }

    /// The next frame of a connection is at the client.
    fn down(&mut self, small: &Small, connection: usize) -> Result<(), &'static str> {
        let frame = self.connections[connection].down.remove(0);
        let attempt = match small.defect {
            Some(Defect::HearsTheOlderConnection) => self.client.attempt().unwrap_or(attempt(connection)),
            _ => attempt(connection),
        };
        match frame {
            Frame::Message(message) => {
                if let Some(number) = self.client.handle_message(attempt, 1).map_err(|violation| violation.reason())? {
                    self.down.arrives(message)?;
                    self.client.take(NOW, number);
                }
            }
            Frame::Control(mut control) => {
                if let (Some(Defect::ComparesNoCounts), Control::Resumed { received, .. }) =
                    (small.defect, &mut control)
                {
                    *received = self.client.acknowledged().max(*received);
                }
                let heard =
                    self.client.handle_control(NOW, attempt, control).map_err(|violation| violation.reason())?;
                match heard {
                    Heard::Ended if self.client.is_over() => self.connections[connection].cut = true,
                    Heard::Lost => self.connections[connection].cut = true,
                    Heard::Opened(Some(Reset::StoreLost)) if self.losses == 0 => {
                        return Err("nothing was lost, and the client is told so");
                    }
                    // This world has one session: one that was lost is unknown once another has taken its place.
                    Heard::Opened(Some(_)) => self.up.forgotten |= self.up.undone,
                    _ => {}
                }
            }
        }
        Ok(())
    }

    fn server_loses(&mut self) {
        if let Some(server) = &mut self.server
            && let Some(connection) = server.attempt()
        {
            server.handle_lost(connection);
        }
    }

    /// Nobody knows any more of the messages that were sent down.
    fn forget(&mut self) {
        self.stored = None;
        self.earlier = None;
        let known = self.down.acknowledged | self.down.returned;
        self.down.forgotten |= ((1 << self.down.sent) - 1) & !known;
    }

    fn drain(&mut self) -> Result<(), &'static str> {
        while let Some(output) = self.client.poll() {
            match output {
                Output::Transmit(connection, message) => self.give(connection, Way::Up, Frame::Message(message)),
                Output::Control(connection, control) => self.give(connection, Way::Up, Frame::Control(control)),
                Output::Settle(settled) => self.up.settles(settled.message, settled.outcome)?,
            }
        }
        while let Some(output) = self.server.as_mut().and_then(Session::poll) {
            match output {
                Output::Transmit(connection, message) => self.give(connection, Way::Down, Frame::Message(message)),
                Output::Control(connection, control) => self.give(connection, Way::Down, Frame::Control(control)),
                Output::Settle(settled) => {
                    self.down.settles(settled.message, settled.outcome)?;
                    if let (Outcome::Delivered, Some(stored)) = (settled.outcome, &mut self.stored) {
                        stored.acknowledged += 1;
                        stored.messages.remove(0);
                    }
                }
            }
        }
        if self.server.as_ref().is_some_and(Session::is_over) {
            // The owner closes its connection, if the client does not.
            if let Some(connection) = self.server_was_on {
                self.connections[index(connection)].cut = true;
            }
            self.server = None;
            self.storing.clear();
            self.forget();
        }
        Ok(())
    }

    fn give(&mut self, connection: Attempt, way: Way, frame: Frame) {
        let connection = &mut self.connections[index(connection)];
        if connection.cut {
            return;
        }
        match way {
            Way::Up => connection.up.push(frame),
            Way::Down => connection.down.push(frame),
        }
    }

    fn is_cut(&self, connection: Attempt) -> bool {
        self.connections[index(connection)].cut
    }

    /// Whether every message has its end.
    fn is_settled(&self) -> bool {
        let rests = self.client.is_over() || self.client.is_live() && self.client.unacknowledged() == 0;
        let server = self.server.as_ref();
        let server_rests = server.is_none_or(|server| server.attempt().is_none() || server.unacknowledged() == 0);
        let known = self.up.acknowledged | self.up.returned;
        rests && server_rests && known == (1 << self.up.sent) - 1
    }

    fn token(&self) -> Token {
        Token(u128::from(self.sessions))
    }

    fn welcome(&self) -> Welcome {
        Welcome { token: self.token(), time_to_live: 1, terms: TERMS, lost: false }
    }
}

impl Messages {
    fn arrives(&mut self, message: u8) -> Result<(), &'static str> {
        let bit = 1 << message;
        if self.arrived & bit != 0 {
            return Err("a message came twice");
        }
        if self.arrived >= bit {
            return Err("a message came after a later one");
        }
        if (bit - 1) & !(self.arrived | self.returned | self.forgotten) != 0 {
            return Err("a message was skipped");
        }
        self.arrived |= bit;
        self.undone &= !bit;
        Ok(())
    }

    /// The end that sent it says what became of it.
    fn settles(&mut self, message: u8, outcome: Outcome) -> Result<(), &'static str> {
        let bit = 1 << message;
        if (self.acknowledged | self.returned) & bit != 0 {
            return Err("a message ended twice");
        }
        match (outcome, self.arrived & bit != 0) {
            (Outcome::Delivered, true) => self.acknowledged |= bit,
            // It was acknowledged before the store lost it.
            (Outcome::Delivered, false) if self.undone & bit != 0 => self.acknowledged |= bit,
            (Outcome::Delivered, false) => return Err("a message was acknowledged and had not arrived"),
            (Outcome::Unsent, true) => return Err("a message is said not to have left, and has arrived"),
            (Outcome::Unsent | Outcome::Unconfirmed, _) => self.returned |= bit,
            _ => return Err("a message came to an end that there is not"),
        }
        Ok(())
    }
}

fn attempt(connection: usize) -> Attempt {
    Attempt(connection as u32 + 1)
}

fn index(connection: Attempt) -> usize {
    connection.0 as usize - 1
}

const SMALL: Small = Small {
    up: 2,
    down: 1,
    connections: 3,
    kills: 1,
    evictions: 0,
    losses: 0,
    client_ends: false,
    server_ends: false,
    defect: None,
};

/// The store goes back to an earlier state.
const FORGETFUL: Small = Small { up: 2, down: 1, connections: 3, kills: 0, losses: 1, ..SMALL };

/// The same with an older connection that comes late, so that other messages can get the numbers that were lost.
const FORKING: Small = Small { up: 0, down: 2, connections: 4, ..FORGETFUL };

/// A build that is not meant for it gets a smaller world.
const fn fit(small: Small) -> Small {
    if cfg!(debug_assertions) { Small { up: 1, down: 1, connections: 2, ..small } } else { small }
}

macro_rules! holds_whatever_happens {
    ($($name:ident: $small:expr,)*) => {
        $(
            #[test]
            fn $name() {
                let small = fit($small);
                let checker = small.checker().threads(2).spawn_bfs().join();
                println!("{:>9} states: {small:?}", checker.unique_state_count());
                checker.assert_properties();
            }
        )*
    };
}

holds_whatever_happens! {
    nothing_is_lost_on_connections_that_break: Small { up: 2, down: 2, kills: 0, ..SMALL },
    nothing_is_lost_with_a_server_that_is_killed: SMALL,
    nothing_is_lost_in_silence_by_a_store_that_goes_back: FORGETFUL,
    no_number_stands_for_two_messages_after_a_store_went_back: FORKING,
    nothing_is_lost_in_silence_when_a_session_is_forgotten: Small { evictions: 1, ..SMALL },
    nothing_is_lost_in_silence_when_the_client_ends: Small { client_ends: true, ..SMALL },
    nothing_is_lost_in_silence_when_the_server_ends: Small { server_ends: true, ..SMALL },
}

macro_rules! is_caught {
    ($($name:ident: $defect:ident in $small:expr,)*) => {
        $(
            #[test]
            fn $name() {
                let small = Small { defect: Some(Defect::$defect), ..$small };
                let checker = small.checker().spawn_bfs().join();
                let path = checker.discovery("no message is lost, doubled or reordered");
                let violation = path.map(|path| (path.last_state().violation, path.into_actions()));
                println!("{:?} is caught: {violation:?}", Defect::$defect);
                assert!(violation.is_some());
            }
        )*
    };
}

is_caught! {
    a_receiver_that_hears_the_older_connection: HearsTheOlderConnection in SMALL,
    a_receiver_that_takes_before_it_has_stored: TakesBeforeItIsStored in SMALL,
    a_connection_that_loses_from_the_middle: LosesFromTheMiddle in SMALL,
    ends_that_compare_no_counts: ComparesNoCounts in FORGETFUL,
    a_server_that_compares_no_connections: ComparesNoConnections in FORKING,
}
