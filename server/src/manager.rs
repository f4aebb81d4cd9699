//! The session manager: the way of a connection from its handshake to its session.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use tokio::sync::Notify;
use tracing::{Instrument as _, debug, warn};
use undrop_proto::Attempt;
use undrop_proto::server::{self, Beginning, Disconnect, Full, Inbound, PlainSlot};
use undrop_proto::session::{Request, Server, Session as Core, Stored, Violation};
use undrop_proto::wire::{Token, Welcome};

use crate::admission::{Admitted, Connections};
use crate::allowance::Allowances;
use crate::app_words::WORDS;
use crate::budget::Owner;
use crate::config::{Config, Limits, millis};
use crate::connection::{Connection, Socket};
use crate::driver::{Begin, Driver, Tokio};
use crate::handshake::{self, Agreed, ConnectionKind, Handshake, MAX_URI, Rejection};
use crate::hints::Hints;
use crate::incoming::{Handler, Incoming, ResumeRequest};
use crate::log::{self, Origin};
use crate::metrics::{Refusal, Resume};
use crate::principal::{Principal, Refused};
use crate::requests::Requests;
use crate::runtime::{Instant, sleep_until, spawn, timeout_at, yield_now};
use crate::shared::Shared;
use crate::slots::{Readmit, Slot, Slots};
use crate::store::{
    AnyStore, Claim, Claimant, Fence, Forward, Fresh, Kept, Known, NotForwarded, Numbered, Unavailable,
    UnavailableCause, Wake,
};
use crate::{Message, SessionId, codes};

/// How long a store that does not answer is asked to forward a message. It remembers for a minute which it has forwarded.
const FORWARD_TIMEOUT: Duration = Duration::from_secs(30);

/// How long to wait before a store that failed is asked again: at first, and at most.
const RETRY: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

pub(crate) type Authenticator =
    Box<dyn Fn(Arc<Handshake>) -> Pin<Box<dyn Future<Output = Result<Principal, Refused>> + Send>> + Send + Sync>;

pub(crate) struct Manager {
    pub(crate) shared: Arc<Shared>,
    slots: Arc<Slots>,
    authenticator: Authenticator,
    allowances: Allowances,
    connections: Arc<Connections>,
    hints: Hints,
    /// Whether the server has begun to shut down, or is about to.
    is_stopping: AtomicBool,
    /// Tells the connections that have not greeted that the server shuts down.
    closing: Notify,
}

/// What a session that begins answers.
#[derive(Clone, Copy)]
enum Answers {
    New,
    /// A resume of a session that there is not, or that has lost a part.
    Resume {
        lost: bool,
    },
}

/// A connection that gets no session, and how it is closed.
type Rejected = (Connection, Disconnect);

impl Manager {
    pub(crate) fn new(config: Config, store: Box<dyn AnyStore>, authenticator: Authenticator, name: Arc<str>) -> Self {
        let config = config.within_reason();
        let allowances = Allowances::new(config.limits.handshake_burst, config.limits.handshakes_per_second);
        let shared = Arc::new(Shared::new(config, store, name));
        let Limits { connections, connections_per_address, .. } = shared.config.limits;
        let connections = Connections::new(connections, connections_per_address, shared.metrics.connections.clone());
        let is_stopping = AtomicBool::new(false);
        let slots = Slots::new(shared.clone());
        shared.store.watch(Wake::new(Arc::<Slots>::downgrade(&slots)));
        let (hints, closing) = (Hints::default(), Notify::new());
        Self { slots, shared, authenticator, allowances, connections, hints, is_stopping, closing }
    }

    /// Whether a handshake is accepted, and with which subprotocol.
    pub(crate) fn admit(&self, handshake: &Handshake) -> Result<(Agreed, Admitted), Rejection> {
        let Shared { config, metrics, .. } = &*self.shared;
        let reject = |refusal| {
            metrics.refused.of(refusal).count();
            log::refused(handshake, refusal);
            Err(Rejection::of(refusal))
        };
        if let Err(foreign) = handshake::check_origin(&handshake.headers, &handshake.uri, &config.origins) {
            self.hints.foreign_origin(&foreign);
            return reject(Refusal::Origin);
        }
        if let Some(address) = handshake.address
            && !self.allowances.spend(address, Instant::now())
        {
            self.hints.address_exhausted(address, WORDS.handshakes_per_second);
            return reject(Refusal::Rate);
        }
        if handshake.uri.path_and_query().is_some_and(|uri| uri.as_str().len() > MAX_URI) {
            return reject(Refusal::Uri);
        }
        if handshake.address.is_none() {
            metrics.unknown_addresses.count();
            self.hints.unknown_address();
        }
        let Some(agreed) = handshake::agree(&handshake.headers, config) else { return reject(Refusal::Subprotocol) };
        match self.connections.admit(handshake.address) {
            Ok(admitted) => Ok((agreed, admitted)),
            Err(refusal) => {
                if let (Refusal::Rate, Some(address)) = (refusal, handshake.address) {
                    self.hints.address_exhausted(address, WORDS.connections_per_address);
                }
                reject(refusal)
            }
        }
    }

    /// Serves a connection until its session has it, or until it is closed.
    pub(crate) async fn receive(
        self: Arc<Self>,
        socket: Box<dyn Socket>,
        (kind, admitted): (ConnectionKind, Admitted),
        handshake: Handshake,
        handler: Handler,
    ) {
        let span = log::connection_span(&handshake);
        self.receive_logged(socket, (kind, admitted), handshake, handler).instrument(span).await;
    }

    async fn receive_logged(
        self: Arc<Self>,
        socket: Box<dyn Socket>,
        (kind, admitted): (ConnectionKind, Admitted),
        handshake: Handshake,
        handler: Handler,
    ) {
        let Shared { config, metrics, .. } = &*self.shared;
        let mut connection = Connection::new(socket, kind, admitted, config.limits.message_bytes, metrics.clone());
        // Whose user it is, is not known yet.
        let owner = Owner::of(&Principal::Anonymous, handshake.address);
        connection.meter().expect_greeting(self.shared.inboxes.open(&owner, None));
        // Made before it is asked whether the node shuts down, so that no shutdown is missed.
        let closing = pin!(self.closing.notified());
        if self.slots.is_closing() {
            return connection.close(restart(), config.close_timeout).await;
        }
        let greeted = {
            let waited = pin!(timeout_at(Instant::now() + config.greeting, async {
                let handshake = Arc::new(handshake);
                let principal = (self.authenticator)(handshake.clone()).await.map_err(|refused| {
                    metrics.refused.of(Refusal::Unauthorized).count();
                    debug!(code = refused.code, "connection refused");
                    Disconnect::Close(refused.code, refused.reason.into())
                })?;
                // While the client is waited for, no more is kept of its request than its session keeps.
                let kept = Arc::new(handshake.kept(&config.kept_headers));
                drop(handshake);
                let request = match kind {
                    ConnectionKind::Plain => None,
                    ConnectionKind::Session => Some(self.greeting(&mut connection).await?),
                };
                Ok((principal, kept, request))
            }));
            until(closing, waited).await
        };
        let greeted = greeted.unwrap_or(Ok(Err(restart()))).unwrap_or_else(|_| {
            metrics.refused.of(Refusal::Greeting).count();
            Err(Disconnect::close(codes::NO_GREETING, "no greeting in time"))
        });
        let served = match greeted {
            Ok((principal, handshake, request)) => {
                let owner = Owner::of(&principal, handshake.address);
                connection.meter().expect_messages(self.shared.inboxes.open(&owner, None));
                let incoming = Incoming { connection, handshake, principal, handler };
                match request {
                    // In a box: connections that have not greeted need no room for it.
                    Some(request) => Box::pin(self.serve(incoming, request)).await,
                    None => self.serve_plainly(incoming),
                }
            }
            Err(disconnect) => Err((connection, disconnect)),
        };
        self.close_rejected(served).await;
    }

    /// What the first frame of a connection asks for.
    async fn greeting(&self, connection: &mut Connection) -> Result<Request, Disconnect> {
        let result = loop {
            break match poll_fn(|context| connection.poll_inbound(context)).await? {
                Inbound::Alive => continue,
                Inbound::Message(_) => Err(Violation::NoGreeting),
                Inbound::Malformed(malformed) => Err(malformed.into()),
                Inbound::Control(control) => Request::try_from(control),
            };
        };
        result.map_err(|violation| {
            self.shared.metrics.violations.count();
            violation.into()
        })
    }

    async fn serve(self: &Arc<Self>, incoming: Incoming, request: Request) -> Result<(), Rejected> {
        match request {
            Request::New => self.open(incoming, Answers::New).await,
            Request::Resume { token, known } => self.resume(ResumeRequest { incoming, token, known }).await,
        }
    }

    async fn resume(self: &Arc<Self>, mut request: ResumeRequest) -> Result<(), Rejected> {
        let id = SessionId::of(request.token);
        let slot = loop {
            match self.slots.take(id, &request.incoming, self.clone()) {
                Ok(slot) => break slot,
                Err(Full::Taken(requests)) => match requests.resume(request) {
                    Ok(()) => return Ok(()),
                    // The session has just ended, and its slot is free in a moment.
                    Err(back) => {
                        request = *back;
                        yield_now().await;
                    }
                },
                Err(Full::Failed) => {
                    self.count(Resume::Failed);
                    self.end_failed(id, request.incoming.principal.clone(), request.known).await;
                    return self.open(request.incoming, Answers::Resume { lost: false }).await;
                }
                Err(full) => {
                    self.count(Resume::NoSlot);
                    return Err(self.no_slot(request.incoming, &full));
                }
            }
        };
        let Some(fence) = random().map(Fence) else { return Err(no_randomness(request.incoming.connection)) };
        let claimant = Claimant { principal: request.incoming.principal.clone(), fence, known: request.known };
        let claimed = self.in_time(|| self.shared.store.claim(id, &claimant)).await;
        if let Ok(Claim::Taken(kept)) = claimed {
            self.restore(slot, id, fence, kept, request);
            return Ok(());
        }
        // Others may have asked for the session meanwhile.
        for late in slot.release() {
            self.clone().readmit(late);
        }
        let lost = matches!(claimed, Ok(Claim::Lost));
        match claimed {
            Err(cause) => {
                self.count(Resume::Store);
                return Err(self.no_store(request.incoming.connection, cause));
            }
            Ok(Claim::Foreign) => {
                self.count(Resume::Foreign);
                let principal = request.incoming.principal.log_id();
                warn!(session = %id, principal, "a client has the token of another principal's session");
            }
            Ok(Claim::Late) => {
                self.count(Resume::Late);
                let disconnect = Disconnect::close(codes::TAKEN_OVER, "taken over");
                return Err((request.incoming.connection, disconnect));
            }
            Ok(Claim::Past) => {
                self.count(Resume::Past);
                self.shared.metrics.violations.count();
                return Err((request.incoming.connection, Violation::ResumeOfThePast.into()));
            }
            Ok(Claim::Lost) => {
                self.count(Resume::Lost);
                warn!(session = %id, "the store has lost a part of the session");
            }
            Ok(_) => self.count(Resume::Unknown),
        }
        self.open(request.incoming, Answers::Resume { lost }).await
    }

    /// Removes a session whose handler has panicked again and again.
    async fn end_failed(&self, id: SessionId, principal: Principal, known: Known) {
        warn!(session = %id, "the handler of the session {} too often: the session ends", WORDS.failed);
        let Some(fence) = random().map(Fence) else { return };
        let claimant = Claimant { principal, fence, known };
        if let Ok(Claim::Taken(_)) = self.in_time(|| self.shared.store.claim(id, &claimant)).await
            && self.shared.store.remove(id, fence).await.is_ok()
        {
            self.slots.forget_failures(id, &claimant.principal);
        }
    }

    /// Begins a session.
    async fn open(self: &Arc<Self>, incoming: Incoming, answers: Answers) -> Result<(), Rejected> {
        let (token, slot, incoming) = self.take_fresh_slot(incoming)?;
        let id = SessionId::of(token);
        let time_to_live = self.shared.config.time_to_live;
        let fresh = Fresh { principal: incoming.principal.clone(), time_to_live };
        let Some(fence) = random().map(Fence) else { return Err(no_randomness(incoming.connection)) };
        if let Err(cause) = self.in_time(|| self.shared.store.create(id, fence, fresh.clone())).await {
            return Err(self.no_store(incoming.connection, cause));
        }
        self.shared.metrics.opened.count();
        let attempt = SessionSlot::FIRST_CONNECTION;
        let (outbox, welcome) = (self.shared.config.limits.outbox, self.welcome(token, millis(time_to_live)));
        let session = match answers {
            Answers::New => Core::<_, Server>::new(outbox, welcome, attempt),
            Answers::Resume { lost } => Core::<_, Server>::instead(outbox, Welcome { lost, ..welcome }, attempt),
        };
        let beginning =
            Beginning { session, time_to_live: millis(time_to_live), inbox: Numbered::none(0), forwarded: 0 };
        let session = SessionSlot::open(self.shared.slot_config(), self.shared.clock.now(), beginning);
        let begin = Begin { origin: Origin::New, handshake: incoming.handshake.clone() };
        let (connection, handler) = incoming.begin(id, false, slot.channel().clone());
        Driver::spawn(self.shared.clone(), slot, (id, fence), session, begin, Some((attempt, connection)), handler);
        Ok(())
    }

    fn serve_plainly(self: &Arc<Self>, incoming: Incoming) -> Result<(), Rejected> {
        let (token, slot, incoming) = self.take_fresh_slot(incoming)?;
        let id = SessionId::of(token);
        let session = PlainSlot::new(self.shared.slot_config(), self.shared.clock.now());
        let begin = Begin { origin: Origin::Plain, handshake: incoming.handshake.clone() };
        let (connection, handler) = incoming.begin(id, false, slot.channel().clone());
        let connection = Some((Attempt::default(), connection));
        Driver::spawn(self.shared.clone(), slot, (id, Fence(0)), session, begin, connection, handler);
        Ok(())
    }

    fn take_fresh_slot(self: &Arc<Self>, incoming: Incoming) -> Result<(Token, Slot, Incoming), Rejected> {
        let Some(token) = random().map(Token) else { return Err(no_randomness(incoming.connection)) };
        match self.slots.take(SessionId::of(token), &incoming, self.clone()) {
            Ok(slot) => Ok((token, slot, incoming)),
            Err(full) => Err(self.no_slot(incoming, &full)),
        }
    }

    fn restore(self: &Arc<Self>, slot: Slot, id: SessionId, fence: Fence, kept: Kept, request: ResumeRequest) {
        let Kept { time_to_live, inbox, outbox, forwarded, .. } = kept;
        let ResumeRequest { incoming, token, known } = request;
        slot.channel().restore(outbox.last());
        let stored = Stored {
            acknowledged: outbox.after,
            messages: outbox.messages.into_iter().map(|message| {
                let bytes = message.len() as u64;
                (message, bytes)
            }),
            taken: inbox.last(),
            // The store has compared them.
            attempt: known.answered,
        };
        let time_to_live = millis(time_to_live);
        let session =
            Core::<_, Server>::restore(self.shared.config.limits.outbox, self.welcome(token, time_to_live), stored);
        let beginning = Beginning { session, time_to_live, inbox, forwarded };
        let (session, resumed) = SessionSlot::restore(
            self.shared.slot_config(),
            self.shared.clock.now(),
            beginning,
            known,
            self.shared.terms(),
        );
        let begin = Begin { origin: Origin::Store, handshake: incoming.handshake.clone() };
        let (connection, handler) = incoming.begin(id, true, slot.channel().clone());
        let connection = match resumed {
            Ok(attempt) => Some((attempt, connection)),
            Err(_) => {
                self.count(Resume::Past);
                spawn(connection.close(Violation::ResumeOfThePast.into(), self.shared.config.close_timeout));
                None
            }
        };
        Driver::spawn(self.shared.clone(), slot, (id, fence), session, begin, connection, handler);
    }

    fn welcome(&self, token: Token, time_to_live: u32) -> Welcome {
        Welcome { token, time_to_live, terms: self.shared.terms(), lost: false }
    }

    /// The store's answer, if it comes while the client still waits.
    async fn in_time<T, F>(&self, ask: impl Fn() -> F) -> Result<T, UnavailableCause>
    where
        F: Future<Output = Result<T, Unavailable>>,
    {
        let answer = self.ask_store(self.shared.config.greeting, ask).await;
        answer.map_err(|unavailable| unavailable.cause())
    }

    /// The store's answer, if it comes within so long. A store that fails is asked again: it may be back in a moment, and whoever
    /// is told that it is away would only ask again as well.
    async fn ask_store<T, F>(&self, within: Duration, ask: impl Fn() -> F) -> Result<T, Unavailable>
    where
        F: Future<Output = Result<T, Unavailable>>,
    {
        let until = Instant::now() + within;
        let (mut pause, most) = RETRY;
        loop {
            match timeout_at(until, ask()).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(unavailable)) => {
                    let again = Instant::now() + pause;
                    sleep_until(again.min(until)).await;
                    if again >= until {
                        return Err(unavailable);
                    }
                    pause = most.min(pause * 2);
                }
                Err(elapsed) => {
                    self.shared.store.gave_up();
                    return Err(Unavailable::new(UnavailableCause::Timeout, elapsed));
                }
            }
        }
    }

    fn no_slot(&self, incoming: Incoming, full: &Full<Arc<Requests>>) -> Rejected {
        let Incoming { connection, handshake, principal, .. } = incoming;
        if let (Full::Sessions, Principal::Anonymous, Some(address)) = (full, principal, handshake.address)
            && self.shared.sessions.get() < self.shared.config.limits.sessions as u64
        {
            self.hints.address_exhausted(address, WORDS.sessions_per_address);
        }
        let (refusal, reason) = match full {
            Full::Closing => return (connection, restart()),
            Full::Failing | Full::Failed => (Refusal::Failing, "the session's handler has failed"),
            Full::Sessions | Full::Taken(_) => (Refusal::Sessions, "too many sessions"),
        };
        self.shared.metrics.refused.of(refusal).count();
        (connection, Disconnect::close(codes::TRY_LATER, reason))
    }

    fn no_store(&self, connection: Connection, cause: UnavailableCause) -> Rejected {
        self.shared.metrics.refused.of(Refusal::Store).count();
        (connection, Disconnect::close(codes::TRY_LATER, cause.reason()))
    }

    fn count(&self, resume: Resume) {
        self.shared.metrics.resumes.of(resume).count();
    }

    async fn close_rejected(&self, served: Result<(), Rejected>) {
        if let Err((connection, disconnect)) = served {
            connection.close(disconnect, self.shared.config.close_timeout).await;
        }
    }

    /// Sends a message to a session, whichever node has it. A store that does not answer is asked again, as long as a client that
    /// connects would wait for it.
    pub(crate) async fn forward(&self, id: SessionId, message: Message) -> Result<(), NotForwarded> {
        let no_randomness = || Unavailable::new(UnavailableCause::Other, "there is no randomness");
        let forward = Forward { key: random().ok_or_else(no_randomness)?, message };
        let ask = async || match self.shared.store.forward(id, &forward).await {
            Err(NotForwarded::Unavailable(unavailable)) => Err(unavailable),
            answer => Ok(answer),
        };
        self.ask_store(self.shared.config.greeting.min(FORWARD_TIMEOUT), ask).await?
    }

    /// Ends all sessions of this principal, on all nodes.
    pub(crate) async fn revoke(&self, principal: &Principal) -> Result<(), Unavailable> {
        let revoked = self.shared.store.revoke(principal).await;
        // Those of this node end in any case, and are removed by it.
        self.slots.revoke(principal);
        revoked
    }

    /// Whether the server shuts down, or is about to.
    pub(crate) fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Relaxed)
    }

    /// Says that the server is about to shut down.
    pub(crate) fn stop(&self) {
        self.is_stopping.store(true, Ordering::Relaxed);
    }

    /// Ends all sessions on this node, and waits until their handlers are done and all connections are closed.
    pub(crate) async fn shut_down(&self) {
        self.stop();
        self.slots.close();
        self.closing.notify_waiters();
        self.shared.sessions.none().await;
        self.shared.metrics.connections.none().await;
    }
}

impl Readmit for Manager {
    fn readmit(self: Arc<Self>, request: ResumeRequest) {
        // `resume` spawns this and this awaits `resume`: the compiler needs one of them to have a named type.
        let resumed: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(async move {
            let served = self.resume(request).await;
            self.close_rejected(served).await;
        });
        spawn(resumed);
    }

    fn renew(self: Arc<Self>, request: ResumeRequest) {
        self.count(Resume::Lost);
        spawn(async move {
            let served = self.open(request.incoming, Answers::Resume { lost: true }).await;
            self.close_rejected(served).await;
        });
    }
}

/// A session as this server has it.
type SessionSlot = server::Slot<Tokio>;

/// Waits for what this future returns, unless `end` is done before.
async fn until<T>(
    mut end: Pin<&mut impl Future<Output = ()>>,
    mut future: Pin<&mut impl Future<Output = T>>,
) -> Option<T> {
    poll_fn(|context| match end.as_mut().poll(context) {
        Poll::Ready(()) => Poll::Ready(None),
        Poll::Pending => future.as_mut().poll(context).map(Some),
    })
    .await
}

fn random() -> Option<u128> {
    let mut bytes = [0; 16];
    match getrandom::fill(&mut bytes) {
        Ok(()) => Some(u128::from_be_bytes(bytes)),
        Err(error) => {
            warn!(%error, "there is no randomness");
            None
        }
    }
}

fn no_randomness(connection: Connection) -> Rejected {
    (connection, Disconnect::close(codes::TRY_LATER, "out of order"))
}

fn restart() -> Disconnect {
    Disconnect::close(codes::RESTART, "restart")
}
