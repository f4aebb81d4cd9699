//! All that can happen in a small world: the real ends, a few messages each way, a few lines that lose the end of what is
//! on its way, a server that is killed and comes back from its store. Every order of events is tried.

use stateright::{Checker, Model, Property};

use undrop::core::outbox::{Bounds, Fate};
use undrop::core::session::{Guest, Heard, Host, Output, Request, Session, Stored};
use undrop::core::wire::{Control, Token, Welcome};
use undrop::core::{Epoch, Millis};

/// How much of everything there is.
#[derive(Clone, Copy, Debug)]
struct Small {
    /// Messages in each direction.
    up: u8,
    down: u8,
    /// Lines that can be cut, and one more.
    lines: u8,
    /// How often the server is killed.
    kills: u8,
    /// How often a session without a line is forgotten.
    evictions: u8,
    /// Whether the guest ends the session, at any moment.
    guest_ends: bool,
    /// The same for the host.
    host_ends: bool,
    breach: Option<Breach>,
}

/// What is wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Breach {
    /// An end hears every line.
    HearsTheOlderLine,
    /// A host says that it has taken what it has not stored.
    TakesBeforeItIsStored,
    /// The middle of what is on its way is lost, and not its end. No protocol of counts survives this: the test shows
    /// that the model would notice.
    LosesFromTheMiddle,
}

#[derive(Clone, Debug, Eq, Hash, PartialEq)]
enum Frame {
    Control(Control),
    Message(u8),
}

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
enum Way {
    Up,
    Down,
}

#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
struct Line {
    up: Vec<Frame>,
    down: Vec<Frame>,
    /// Whatever it is given is lost.
    cut: bool,
    /// The server has heard the greeting.
    greeted: bool,
}

#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
struct Record {
    acknowledged: u64,
    messages: Vec<u8>,
    taken: u64,
}

#[derive(Clone, Debug, Eq, Hash, PartialEq)]
struct World {
    guest: Session<u8, Guest>,
    host: Option<Session<u8, Host>>,
    /// The line that it was on before the last step.
    host_line: Option<Epoch>,
    /// What has arrived at the host and is not stored.
    storing: Vec<u8>,
    record: Option<Record>,
    lines: Vec<Line>,
    sessions: u8,
    up: Mails,
    down: Mails,
    kills: u8,
    evictions: u8,
    crime: Option<&'static str>,
}

/// What became of the messages of one direction; each is a bit.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
struct Mails {
    sent: u8,
    arrived: u32,
    acknowledged: u32,
    returned: u32,
    /// Nobody is left to know.
    forgotten: u32,
    /// The first that the end that has them now was given.
    first: u8,
}

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
enum Action {
    GuestSends,
    HostSends,
    Dial,
    Arrives(usize, Way),
    /// So many frames of what is on its way up and down are still to arrive.
    Cut(usize, usize, usize),
    /// The same with those lost that come first.
    Break(usize),
    GuestNotices,
    HostNotices,
    Store,
    GuestTimer,
    HostTimer,
    Kill,
    Evict,
    GuestEnds,
    HostEnds,
}

const NOW: Millis = Millis(0);
const LATER: Millis = Millis(1_000);

impl Model for Small {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        vec![World {
            guest: Session::<u8, Guest>::new(Bounds::default()),
            host: None,
            host_line: None,
            storing: Vec::new(),
            record: None,
            lines: Vec::new(),
            sessions: 0,
            up: Mails::default(),
            down: Mails::default(),
            kills: 0,
            evictions: 0,
            crime: None,
        }]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        let host = world.host.as_ref();
        if world.up.sent < self.up && !world.guest.is_ending() {
            actions.push(Action::GuestSends);
        }
        if world.down.sent < self.down && host.is_some_and(|host| !host.is_ending()) {
            actions.push(Action::HostSends);
        }
        let more = world.lines.len() < self.lines as usize;
        // The last line holds, unless an older one that is late takes its place.
        let holds = world.lines.iter().all(|line| line.up.is_empty());
        if (more || holds) && world.guest.line().is_none() && !world.guest.is_over() {
            actions.push(Action::Dial);
        }
        for (index, line) in world.lines.iter().enumerate() {
            if !line.up.is_empty() {
                actions.push(Action::Arrives(index, Way::Up));
            }
            if !line.down.is_empty() {
                actions.push(Action::Arrives(index, Way::Down));
            }
            if more && !line.cut {
                for up in 0..=line.up.len() {
                    actions.extend((0..=line.down.len()).map(|down| Action::Cut(index, up, down)));
                }
                if self.breach == Some(Breach::LosesFromTheMiddle) && line.up.len() > 1 {
                    actions.push(Action::Break(index));
                }
            }
        }
        if world.guest.line().is_some_and(|line| world.is_cut(line)) {
            actions.push(Action::GuestNotices);
        }
        if host.and_then(Session::line).is_some_and(|line| world.is_cut(line)) {
            actions.push(Action::HostNotices);
        }
        if !world.storing.is_empty() {
            actions.push(Action::Store);
        }
        if world.guest.poll_timeout().is_some() {
            actions.push(Action::GuestTimer);
        }
        if host.is_some_and(|host| host.poll_timeout().is_some()) {
            actions.push(Action::HostTimer);
        }
        if more && world.kills < self.kills && host.is_some() {
            actions.push(Action::Kill);
        }
        let idle = world.record.is_some() && host.is_none_or(|host| host.line().is_none());
        if world.evictions < self.evictions && idle {
            actions.push(Action::Evict);
        }
        if self.guest_ends && !world.guest.is_ending() {
            actions.push(Action::GuestEnds);
        }
        if self.host_ends && host.is_some_and(|host| !host.is_ending()) {
            actions.push(Action::HostEnds);
        }
    }

    fn next_state(&self, world: &World, action: Action) -> Option<World> {
        let mut next = world.clone();
        if next.crime.is_some() {
            return None;
        }
        if let Err(crime) = next.step(self, action) {
            next.crime = Some(crime);
        }
        next.host_line = None;
        if next == *world { None } else { Some(next) }
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("no message is lost, doubled or reordered", |_, world: &World| world.crime.is_none()),
            Property::always("who can do nothing more has nothing left to do", |small: &Small, world: &World| {
                let mut actions = Vec::new();
                small.actions(world, &mut actions);
                !actions.is_empty() || world.crime.is_some() || world.is_settled()
            }),
            Property::sometimes("a session goes on", |_, world: &World| {
                world.lines.len() > 1 && world.sessions == 1 && world.guest.is_live()
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
        self.host_line = self.host.as_ref().and_then(Session::line);
        match action {
            Action::GuestSends => {
                self.guest.send(NOW, self.up.sent, 1, None).map_err(|_| "the guest refuses")?;
                self.up.sent += 1;
            }
            Action::HostSends => {
                let mail = self.down.sent;
                if let Some(record) = &mut self.record {
                    record.messages.push(mail);
                }
                if let Some(host) = &mut self.host {
                    host.send(NOW, mail, 1, None).map_err(|_| "the host refuses")?;
                }
                self.down.sent += 1;
            }
            Action::Dial => {
                self.lines.push(Line::default());
                self.guest.handle_opened(epoch(self.lines.len() - 1));
            }
            Action::Arrives(line, Way::Up) => self.up(small, line)?,
            Action::Arrives(line, Way::Down) => self.down(small, line)?,
            Action::Cut(line, up, down) => {
                let line = &mut self.lines[line];
                line.up.truncate(up);
                line.down.truncate(down);
                line.cut = true;
            }
            Action::Break(line) => {
                self.lines[line].up.remove(0);
            }
            Action::GuestNotices => {
                if let Some(line) = self.guest.line() {
                    self.guest.handle_lost(line);
                }
            }
            Action::HostNotices => self.host_loses(),
            Action::Store => {
                let mail = self.storing.remove(0);
                self.up.arrives(mail)?;
                if let (Some(host), Some(record)) = (&mut self.host, &mut self.record) {
                    record.taken += 1;
                    host.take(NOW, record.taken);
                }
            }
            Action::GuestTimer => self.guest.handle_timeout(LATER),
            Action::HostTimer => {
                if let Some(host) = &mut self.host {
                    host.handle_timeout(LATER);
                }
            }
            Action::Kill => {
                self.kills += 1;
                self.host = None;
                self.storing.clear();
                for line in &mut self.lines {
                    line.up.clear();
                    line.cut = true;
                }
            }
            Action::Evict => {
                self.evictions += 1;
                match &mut self.host {
                    Some(host) => host.break_off(),
                    None => self.forget(),
                }
            }
            Action::GuestEnds => self.guest.end(),
            Action::HostEnds => {
                if let Some(host) = &mut self.host {
                    host.end();
                }
            }
        }
        self.drain()
    }

    /// The next frame of a line is at the server.
    fn up(&mut self, small: &Small, line: usize) -> Result<(), &'static str> {
        let frame = self.lines[line].up.remove(0);
        if !self.lines[line].greeted {
            self.lines[line].greeted = true;
            let Frame::Control(control) = frame else { return Err("a message before the greeting") };
            return self.greet(line, control);
        }
        let Some(host) = &mut self.host else { return Ok(()) };
        let epoch = match small.breach {
            Some(Breach::HearsTheOlderLine) => host.line().unwrap_or(epoch(line)),
            _ => epoch(line),
        };
        match frame {
            Frame::Message(mail) => {
                if let Some(number) = host.handle_message(epoch, 1).map_err(|violation| violation.reason())? {
                    self.storing.push(mail);
                    if small.breach == Some(Breach::TakesBeforeItIsStored) {
                        host.take(NOW, number);
                    }
                }
            }
            Frame::Control(control) => {
                let heard = host.handle_control(NOW, epoch, control).map_err(|violation| violation.reason())?;
                match heard {
                    Heard::Acknowledged => self.host_delivered()?,
                    Heard::Ended if host.is_over() => self.lines[line].cut = true,
                    _ => {}
                }
            }
        }
        Ok(())
    }

    fn greet(&mut self, line: usize, control: Control) -> Result<(), &'static str> {
        let request = Request::try_from(control).map_err(|violation| violation.reason())?;
        if let Request::Resume { token, received } = request
            && token == self.token()
        {
            if self.host.is_none() {
                self.restore();
            }
            if let Some(host) = self.host.as_mut().filter(|host| !host.is_ending()) {
                return match host.handle_resume(NOW, epoch(line), received) {
                    Ok(older) => {
                        if let Some(older) = older {
                            self.lines[index(older)].cut = true;
                        }
                        self.host_delivered()
                    }
                    // It is late: the guest has been on another line since.
                    Err(_) if self.guest.line() != Some(epoch(line)) => {
                        self.lines[line].cut = true;
                        Ok(())
                    }
                    Err(violation) => Err(violation.reason()),
                };
            }
        }
        // A server has room for many sessions, this world for one. That of a greeting that comes late is nobody's, ...
        if self.guest.line() != Some(epoch(line)) {
            self.lines[line].cut = true;
            return Ok(());
        }
        // ... and of the one that there was, nobody has the token any more.
        if let Some(mut host) = self.host.take() {
            host.break_off();
            self.host = Some(host);
            self.drain()?;
        }
        self.forget();
        self.sessions += 1;
        self.record = Some(Record::default());
        self.down.first = self.down.sent;
        self.host = Some(Session::<u8, Host>::new(Bounds::default(), self.welcome(), epoch(line)));
        Ok(())
    }

    fn restore(&mut self) {
        let Some(record) = &self.record else { return };
        let messages = record.messages.clone().into_iter().map(|mail| (mail, 1));
        let stored = Stored { acknowledged: record.acknowledged, messages, taken: record.taken };
        self.down.first = record.messages.first().copied().unwrap_or(self.down.sent);
        self.host = Some(Session::<u8, Host>::restore(Bounds::default(), self.welcome(), stored));
    }

    /// The next frame of a line is at the guest.
    fn down(&mut self, small: &Small, line: usize) -> Result<(), &'static str> {
        let frame = self.lines[line].down.remove(0);
        let epoch = match small.breach {
            Some(Breach::HearsTheOlderLine) => self.guest.line().unwrap_or(epoch(line)),
            _ => epoch(line),
        };
        match frame {
            Frame::Message(mail) => {
                if let Some(number) = self.guest.handle_message(epoch, 1).map_err(|violation| violation.reason())? {
                    self.down.arrives(mail)?;
                    self.guest.take(NOW, number);
                }
            }
            Frame::Control(control) => {
                match self.guest.handle_control(NOW, epoch, control).map_err(|violation| violation.reason())? {
                    Heard::Acknowledged | Heard::Resumed => {
                        let delivered = self.guest.delivered().0;
                        self.up.delivered(0, delivered)?;
                    }
                    Heard::Ended if self.guest.is_over() => self.lines[line].cut = true,
                    _ => {}
                }
            }
        }
        Ok(())
    }

    fn host_delivered(&mut self) -> Result<(), &'static str> {
        let (Some(host), Some(record)) = (&self.host, &mut self.record) else { return Ok(()) };
        while record.acknowledged < host.acknowledged() {
            record.acknowledged += 1;
            record.messages.remove(0);
        }
        self.down.delivered(self.down.first, host.delivered().0)
    }

    fn host_loses(&mut self) {
        if let Some(host) = &mut self.host
            && let Some(line) = host.line()
        {
            host.handle_lost(line);
        }
    }

    /// Nobody knows any more of the messages that were sent down.
    fn forget(&mut self) {
        self.record = None;
        let known = self.down.acknowledged | self.down.returned;
        self.down.forgotten |= ((1 << self.down.sent) - 1) & !known;
    }

    fn drain(&mut self) -> Result<(), &'static str> {
        while let Some(output) = self.guest.poll() {
            match output {
                Output::Transmit(line, mail) => self.give(line, Way::Up, Frame::Message(mail)),
                Output::Control(line, control) => self.give(line, Way::Up, Frame::Control(control)),
                Output::Return(returned) => self.up.comes_back(returned.message, returned.fate)?,
            }
        }
        while let Some(output) = self.host.as_mut().and_then(Session::poll) {
            match output {
                Output::Transmit(line, mail) => self.give(line, Way::Down, Frame::Message(mail)),
                Output::Control(line, control) => self.give(line, Way::Down, Frame::Control(control)),
                Output::Return(returned) => self.down.comes_back(returned.message, returned.fate)?,
            }
        }
        if self.host.as_ref().is_some_and(Session::is_over) {
            // The owner closes its line, if the guest does not.
            if let Some(line) = self.host_line {
                self.lines[index(line)].cut = true;
            }
            self.host = None;
            self.storing.clear();
            self.forget();
        }
        Ok(())
    }

    fn give(&mut self, line: Epoch, way: Way, frame: Frame) {
        let line = &mut self.lines[index(line)];
        if line.cut {
            return;
        }
        match way {
            Way::Up => line.up.push(frame),
            Way::Down => line.down.push(frame),
        }
    }

    fn is_cut(&self, line: Epoch) -> bool {
        self.lines[index(line)].cut
    }

    /// Whether every message has its end.
    fn is_settled(&self) -> bool {
        let rests = self.guest.is_over() || self.guest.is_live() && self.guest.unacknowledged() == 0;
        let host = self.host.as_ref();
        let host_rests = host.is_none_or(|host| host.line().is_none() || host.unacknowledged() == 0);
        let known = self.up.acknowledged | self.up.returned;
        rests && host_rests && known == (1 << self.up.sent) - 1
    }

    fn token(&self) -> Token {
        Token(u128::from(self.sessions))
    }

    fn welcome(&self) -> Welcome {
        Welcome { token: self.token(), time_to_live: 1, spread: 1 }
    }
}

impl Mails {
    fn arrives(&mut self, mail: u8) -> Result<(), &'static str> {
        let bit = 1 << mail;
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
        Ok(())
    }

    /// The end that sent them says that those it was given from the first on have been taken.
    fn delivered(&mut self, first: u8, count: u64) -> Result<(), &'static str> {
        for mail in first..(first + count as u8).min(self.sent) {
            let bit = 1 << mail;
            if (self.arrived | self.returned) & bit == 0 {
                return Err("a message was acknowledged and had not arrived");
            }
            self.acknowledged |= bit & !self.returned;
        }
        Ok(())
    }

    fn comes_back(&mut self, mail: u8, fate: Fate) -> Result<(), &'static str> {
        let bit = 1 << mail;
        if (self.acknowledged | self.returned) & bit != 0 {
            return Err("a message ended twice");
        }
        if fate != Fate::Lost && self.arrived & bit != 0 {
            return Err("a message is said not to have left, and has arrived");
        }
        self.returned |= bit;
        Ok(())
    }
}

fn epoch(line: usize) -> Epoch {
    Epoch(line as u32 + 1)
}

fn index(line: Epoch) -> usize {
    line.0 as usize - 1
}

const SMALL: Small =
    Small { up: 2, down: 1, lines: 3, kills: 1, evictions: 0, guest_ends: false, host_ends: false, breach: None };

/// A build that is not meant for it gets a smaller world.
const fn fit(small: Small) -> Small {
    if cfg!(debug_assertions) { Small { up: 1, down: 1, lines: 2, ..small } } else { small }
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
    nothing_is_lost_on_lines_that_break: Small { up: 2, down: 2, kills: 0, ..SMALL },
    nothing_is_lost_with_a_server_that_is_killed: SMALL,
    nothing_is_lost_in_silence_when_a_session_is_forgotten: Small { evictions: 1, ..SMALL },
    nothing_is_lost_in_silence_when_the_guest_ends: Small { guest_ends: true, ..SMALL },
    nothing_is_lost_in_silence_when_the_host_ends: Small { host_ends: true, ..SMALL },
}

macro_rules! is_caught {
    ($($name:ident: $breach:ident,)*) => {
        $(
            #[test]
            fn $name() {
                let small = Small { breach: Some(Breach::$breach), ..SMALL };
                let checker = small.checker().spawn_bfs().join();
                let path = checker.discovery("no message is lost, doubled or reordered");
                let crime = path.map(|path| (path.last_state().crime, path.into_actions()));
                println!("{:?} is caught: {crime:?}", Breach::$breach);
                assert!(crime.is_some());
            }
        )*
    };
}

is_caught! {
    a_receiver_that_hears_the_older_line: HearsTheOlderLine,
    a_receiver_that_takes_before_it_has_stored: TakesBeforeItIsStored,
    a_line_that_loses_from_the_middle: LosesFromTheMiddle,
}
