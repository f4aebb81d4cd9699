//! All that the sessions of a server have in common, and the way from a line to its session.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::future::{Future, poll_fn};
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::time::{Instant, timeout_at};
use tracing::{debug, info, warn};
use undrop::core::Millis;
use undrop::core::session::{Host, Request, Session as Core, Stored, Violation};
use undrop::core::wire::{Token, Welcome};

use crate::allowance::{Allowances, network};
use crate::config::{Config, millis};
use crate::driver::{Beginning, Driver};
use crate::handshake::{self, Agreed, Handshake, Rejection, Tongue};
use crate::line::{Heard, Line, Loss, Socket};
use crate::mailbox::Mailbox;
use crate::metrics::{Count, Metrics, Refusal, add};
use crate::plain::PlainDriver;
use crate::principal::{Principal, Refused};
use crate::store::{AnyStore, Claim, Fence, Fresh, Kept, Unavailable};
use crate::visit::{Arrival, Handler, Visit};
use crate::{SessionId, codes};

pub(crate) type Authenticator =
    Box<dyn Fn(Arc<Handshake>) -> Pin<Box<dyn Future<Output = Result<Principal, Refused>> + Send>> + Send + Sync>;

pub(crate) struct House {
    pub(crate) config: Config,
    pub(crate) metrics: Metrics,
    pub(crate) store: Box<dyn AnyStore>,
    authenticator: Authenticator,
    allowances: Allowances,
    table: Mutex<Table>,
}

/// A session is found by its name and by whose it is, so that nobody who shows another's token meets it even by chance.
type Key = (SessionId, Principal);

#[derive(Default)]
struct Table {
    closing: bool,
    sessions: HashMap<Key, Arc<Mailbox>>,
    /// The sessions of each, to be counted.
    owners: HashMap<Owner, Vec<Key>>,
}

/// Who is held to account for a session.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
enum Owner {
    User(Arc<str>),
    Address(IpAddr),
}

/// A session's place on this node. It is free again when this goes.
pub(crate) struct Seat {
    house: Arc<House>,
    key: Key,
    owner: Option<Owner>,
    mailbox: Arc<Mailbox>,
    _count: Count,
}

/// There is no place.
enum NoSeat {
    /// For nobody, or not for this client.
    Full,
    /// The session has one already.
    Known(Arc<Mailbox>),
    Closing,
}

impl House {
    pub(crate) fn new(config: Config, store: Box<dyn AnyStore>, authenticator: Authenticator) -> Self {
        let config = config.within_reason();
        let allowances = Allowances::new(config.limits.handshake_burst, config.limits.handshakes_per_second);
        Self { config, metrics: Metrics::default(), store, authenticator, allowances, table: Mutex::default() }
    }

    /// Whether there is to be a line, and what is spoken on it.
    pub(crate) fn admit(&self, handshake: &Handshake) -> Result<Agreed, Rejection> {
        let reject = |refusal| {
            self.metrics.refuse(refusal);
            debug!(?refusal, "handshake refused");
            Err(Rejection::of(refusal))
        };
        if !handshake::is_welcome(&handshake.headers, &handshake.uri, &self.config.origins) {
            return reject(Refusal::Origin);
        }
        if handshake.address.is_some_and(|address| !self.allowances.spend(address, Instant::now())) {
            return reject(Refusal::Rate);
        }
        match handshake::agree(&handshake.headers, &self.config) {
            Some(agreed) => Ok(agreed),
            None => reject(Refusal::Stranger),
        }
    }

    /// Sees a line to its session.
    pub(crate) async fn receive(
        self: Arc<Self>,
        socket: Box<dyn Socket>,
        tongue: Tongue,
        handshake: Handshake,
        handler: Handler,
    ) {
        let mut line = Line::new(socket, self.metrics.lines.count());
        if self.table.lock().closing {
            return line.part(Loss::close(codes::RESTART, "restart"), self.config.farewell).await;
        }
        let handshake = Arc::new(handshake);
        let greeted = timeout_at(Instant::now() + self.config.greeting, async {
            let principal = (self.authenticator)(handshake.clone()).await.map_err(|refused| {
                self.metrics.refuse(Refusal::Unauthorized);
                debug!(code = refused.code, "line refused");
                Loss::Close(refused.code, refused.reason)
            })?;
            let request = match tongue {
                Tongue::Plain => None,
                Tongue::Session => Some(self.greeting(&mut line).await?),
            };
            Ok((principal, request))
        });
        match greeted.await {
            Ok(Ok((principal, request))) => {
                let visit = Visit { line, handshake, principal, handler };
                match request {
                    Some(request) => self.seat(visit, request).await,
                    None => self.serve_plainly(visit).await,
                }
            }
            Ok(Err(loss)) => line.part(loss, self.config.farewell).await,
            Err(_) => {
                self.metrics.refuse(Refusal::Greeting);
                line.part(Loss::close(codes::NO_GREETING, "no greeting in time"), self.config.farewell).await;
            }
        }
    }

    /// What the first frame of a line asks for.
    async fn greeting(&self, line: &mut Line) -> Result<Request, Loss> {
        let result = loop {
            break match poll_fn(|context| line.poll_heard(context)).await? {
                Heard::Sign => continue,
                Heard::Message(_) => Err(Violation::NoGreeting),
                Heard::Malformed(malformed) => Err(malformed.into()),
                Heard::Control(control) => Request::try_from(control),
            };
        };
        result.map_err(|violation| {
            add(&self.metrics.violations, 1);
            violation.into()
        })
    }

    async fn seat(self: Arc<Self>, visit: Visit, request: Request) {
        let result = match request {
            Request::New => self.open(visit).await,
            Request::Resume { token, received } => self.resume(Arrival { visit, token, received }).await,
        };
        if let Err((line, loss)) = result {
            line.part(loss, self.config.farewell).await;
        }
    }

    /// Sees a line that came too late for its session to another.
    pub(crate) fn reseat(self: Arc<Self>, arrival: Arrival) {
        let Arrival { visit, token, received } = arrival;
        // Two functions that spawn each other have no type unless it is said.
        let seat: Pin<Box<dyn Future<Output = ()> + Send>> =
            Box::pin(self.seat(visit, Request::Resume { token, received }));
        tokio::spawn(seat);
    }

    async fn resume(self: &Arc<Self>, mut arrival: Arrival) -> Result<(), (Line, Loss)> {
        let id = SessionId::of(arrival.token);
        let seat = loop {
            match self.take_seat(id, &arrival.visit) {
                Ok(seat) => break seat,
                Err(NoSeat::Known(mailbox)) => match mailbox.arrive(arrival) {
                    Ok(()) => return Ok(()),
                    // It ended just now. Its seat is free in a moment.
                    Err(back) => {
                        arrival = back;
                        tokio::task::yield_now().await;
                    }
                },
                Err(NoSeat::Full) => return Err(self.no_room(arrival.visit.line)),
                Err(NoSeat::Closing) => return Err((arrival.visit.line, Loss::close(codes::RESTART, "restart"))),
            }
        };
        let claimed = self.in_time(self.store.claim(id, &arrival.visit.principal)).await;
        if let Ok(Claim::Taken(fence, kept)) = claimed {
            add(&self.metrics.restored, 1);
            info!(session = %id, "session restored");
            self.restore(seat, id, fence, kept, arrival);
            return Ok(());
        }
        // Others may have come for it meanwhile.
        for late in seat.give_up() {
            self.clone().reseat(late);
        }
        match claimed {
            Err(_) => Err(self.no_store(arrival.visit.line)),
            Ok(claim) => {
                if claim == Claim::Foreign {
                    add(&self.metrics.foreign, 1);
                    warn!(session = %id, principal = %arrival.visit.principal, "the token of somebody else's session was shown");
                } else {
                    add(&self.metrics.unknown, 1);
                }
                self.open(arrival.visit).await
            }
        }
    }

    async fn open(self: &Arc<Self>, visit: Visit) -> Result<(), (Line, Loss)> {
        let (token, seat, visit) = self.take_fresh_seat(visit)?;
        let id = SessionId::of(token);
        let time_to_live = self.config.time_to_live;
        let fresh = Fresh { principal: visit.principal.clone(), time_to_live };
        let Ok(fence) = self.in_time(self.store.create(id, fresh)).await else { return Err(self.no_store(visit.line)) };
        add(&self.metrics.opened, 1);
        debug!(session = %id, "session opened");
        let welcome = self.welcome(token, millis(time_to_live));
        let core = Core::<_, Host>::new(self.config.limits.outbox, welcome, Driver::FIRST_LINE);
        let kept = Beginning { id, fence, core, time_to_live, inbox: Vec::new() };
        let (line, handler) = visit.begin(id, false, seat.mailbox().clone());
        Driver::begin(self.clone(), seat, kept, handler, line);
        Ok(())
    }

    async fn serve_plainly(self: Arc<Self>, visit: Visit) {
        match self.take_fresh_seat(visit) {
            Ok((token, seat, visit)) => {
                let (line, handler) = visit.begin(SessionId::of(token), false, seat.mailbox().clone());
                tokio::spawn(PlainDriver::new(self, seat, line, handler));
            }
            Err((line, loss)) => line.part(loss, self.config.farewell).await,
        }
    }

    fn take_fresh_seat(self: &Arc<Self>, visit: Visit) -> Result<(Token, Seat, Visit), (Line, Loss)> {
        let mut bytes = [0; 16];
        if let Err(error) = getrandom::fill(&mut bytes) {
            warn!(%error, "there is no randomness");
            return Err((visit.line, Loss::close(codes::TRY_LATER, "out of order")));
        }
        let token = Token(u128::from_be_bytes(bytes));
        match self.take_seat(SessionId::of(token), &visit) {
            Ok(seat) => Ok((token, seat, visit)),
            Err(NoSeat::Closing) => Err((visit.line, Loss::close(codes::RESTART, "restart"))),
            Err(NoSeat::Full | NoSeat::Known(_)) => Err(self.no_room(visit.line)),
        }
    }

    fn restore(self: &Arc<Self>, seat: Seat, id: SessionId, fence: Fence, kept: Kept, arrival: Arrival) {
        let Kept { time_to_live, inbox, outbox } = kept;
        seat.mailbox().restore(outbox.last());
        let taken = inbox.last();
        let welcome = self.welcome(arrival.token, millis(time_to_live));
        let messages = outbox.messages.into_iter().map(|message| {
            let bytes = message.len() as u64;
            (message, bytes)
        });
        let stored = Stored { acknowledged: outbox.after, messages, taken };
        let core = Core::<_, Host>::restore(self.config.limits.outbox, welcome, stored);
        let inbox = (inbox.after + 1..).zip(inbox.messages).collect();
        let kept = Beginning { id, fence, core, time_to_live, inbox };
        let (line, handler) = arrival.visit.begin(id, true, seat.mailbox().clone());
        Driver::go_on(self.clone(), seat, kept, handler, line, arrival.received);
    }

    fn welcome(&self, token: Token, time_to_live: u32) -> Welcome {
        let sessions = usize::try_from(self.metrics.sessions.get()).unwrap_or(usize::MAX);
        Welcome { token, time_to_live, spread: self.config.spread.among(sessions) }
    }

    /// The store's answer, if it comes while the client still waits.
    async fn in_time<T>(&self, asked: impl Future<Output = Result<T, Unavailable>>) -> Result<T, ()> {
        let answer = timeout_at(Instant::now() + self.config.greeting, asked).await;
        let error: Box<dyn std::fmt::Display + Send> = match answer {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => Box::new(error),
            Err(error) => Box::new(error),
        };
        add(&self.metrics.store_failures, 1);
        warn!(%error, "no answer from the store");
        Err(())
    }

    fn no_room(&self, line: Line) -> (Line, Loss) {
        self.metrics.refuse(Refusal::Sessions);
        (line, Loss::close(codes::TRY_LATER, "too many sessions"))
    }

    fn no_store(&self, line: Line) -> (Line, Loss) {
        self.metrics.refuse(Refusal::Store);
        (line, Loss::close(codes::TRY_LATER, "the store does not answer"))
    }

    fn take_seat(self: &Arc<Self>, id: SessionId, visit: &Visit) -> Result<Seat, NoSeat> {
        let limits = &self.config.limits;
        let key = (id, visit.principal.clone());
        let mut table = self.table.lock();
        if table.closing {
            return Err(NoSeat::Closing);
        }
        if let Some(mailbox) = table.sessions.get(&key) {
            return Err(NoSeat::Known(mailbox.clone()));
        }
        if self.metrics.sessions.get() >= limits.sessions as u64 {
            return Err(NoSeat::Full);
        }
        let owner = Owner::of(visit);
        if let Some(owner) = &owner {
            let most = match owner {
                Owner::User(_) => limits.sessions_per_user,
                Owner::Address(_) => limits.sessions_per_address,
            };
            table.make_room(owner, most)?;
            table.owners.entry(owner.clone()).or_default().push(key.clone());
        }
        let mailbox = Arc::new(Mailbox::new(self.clone()));
        table.sessions.insert(key.clone(), mailbox.clone());
        Ok(Seat { house: self.clone(), key, owner, mailbox, _count: self.metrics.sessions.count() })
    }

    /// Ends all lines and waits for all sessions' handlers, but not for ever.
    pub(crate) async fn shut_down(&self) {
        let mailboxes: Vec<_> = {
            let mut table = self.table.lock();
            table.closing = true;
            table.sessions.values().cloned().collect()
        };
        for mailbox in mailboxes {
            mailbox.shut_down();
        }
        self.metrics.sessions.none().await;
        self.metrics.lines.none().await;
    }
}

impl Table {
    /// One more session than this client may have takes the place of the one whose line has been down for longest.
    fn make_room(&mut self, owner: &Owner, most: usize) -> Result<(), NoSeat> {
        let Some(keys) = self.owners.get_mut(owner).filter(|keys| keys.len() >= most) else { return Ok(()) };
        let sessions = &self.sessions;
        let down = keys.iter().enumerate().filter_map(|(index, key)| Some((sessions.get(key)?.down_since()?, index)));
        let (_, index) = down.min().ok_or(NoSeat::Full)?;
        // It does not count from now on, though it takes a moment to go.
        let key = keys.swap_remove(index);
        if let Some(mailbox) = self.sessions.remove(&key) {
            mailbox.evict();
        }
        Ok(())
    }
}

impl Owner {
    fn of(visit: &Visit) -> Option<Self> {
        match &visit.principal {
            Principal::User(id) => Some(Owner::User(id.clone())),
            Principal::Anonymous => visit.handshake.address.map(|address| Owner::Address(network(address))),
        }
    }
}

impl Seat {
    pub(crate) fn mailbox(&self) -> &Arc<Mailbox> {
        &self.mailbox
    }

    /// Whoever asks for this session from now on does not find it here. These came before.
    #[must_use]
    pub(crate) fn give_up(&self) -> Vec<Arrival> {
        self.vacate();
        self.mailbox.shut()
    }

    fn vacate(&self) {
        let mut table = self.house.table.lock();
        if let Entry::Occupied(entry) = table.sessions.entry(self.key.clone())
            && Arc::ptr_eq(entry.get(), &self.mailbox)
        {
            entry.remove();
        } else {
            return;
        }
        let Some(owner) = &self.owner else { return };
        if let Entry::Occupied(mut entry) = table.owners.entry(owner.clone()) {
            entry.get_mut().retain(|key| *key != self.key);
            if entry.get().is_empty() {
                entry.remove();
            }
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.vacate();
        for late in self.mailbox.shut() {
            self.house.clone().reseat(late);
        }
        self.mailbox.abandon();
    }
}

/// A fresh clock, for what counts milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(Instant);

impl Clock {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn now(self) -> Millis {
        Millis(self.0.elapsed().as_millis() as u64)
    }

    /// When it shows this.
    pub(crate) fn at(self, millis: Millis) -> Instant {
        self.0 + std::time::Duration::from_millis(millis.0)
    }
}
