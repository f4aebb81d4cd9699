//! The session manager: the way of a connection from its handshake to its session.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;

use tokio::time::{Instant, timeout_at};
use tracing::{debug, info, warn};
use undrop_proto::Attempt;
use undrop_proto::outbox::Bounds;
use undrop_proto::session::{Request, Server, Session as Core, Stored, Violation};
use undrop_proto::wire::{Token, Welcome};

use crate::allowance::Allowances;
use crate::config::{Config, millis};
use crate::connection::{Connection, Disconnect, Input, Socket};
use crate::driver::{Beginning, Driver};
use crate::handshake::{self, Agreed, ConnectionKind, Handshake, Rejection};
use crate::incoming::{Handler, Incoming, ResumeRequest};
use crate::metrics::{Metrics, Refusal, add};
use crate::plain::PlainDriver;
use crate::principal::{Principal, Refused};
use crate::shared::Shared;
use crate::slots::{NoSlot, Readmit, Slot, Slots};
use crate::store::{AnyStore, Claim, Claimant, Fence, Fresh, Kept, Unavailable};
use crate::{Message, SessionId, codes};

pub(crate) type Authenticator =
    Box<dyn Fn(Arc<Handshake>) -> Pin<Box<dyn Future<Output = Result<Principal, Refused>> + Send>> + Send + Sync>;

pub(crate) struct Manager {
    pub(crate) shared: Arc<Shared>,
    slots: Arc<Slots>,
    authenticator: Authenticator,
    allowances: Allowances,
}

/// Makes the server's end of a session that begins.
type Make = fn(Bounds, Welcome, Attempt) -> Core<Message, Server>;

/// A connection that gets no session, and how it is closed.
type Rejected = (Connection, Disconnect);

impl Manager {
    pub(crate) fn new(config: Config, store: Box<dyn AnyStore>, authenticator: Authenticator) -> Self {
        let config = config.within_reason();
        let allowances = Allowances::new(config.limits.handshake_burst, config.limits.handshakes_per_second);
        let shared = Arc::new(Shared { config, metrics: Metrics::default(), store });
        Self { slots: Slots::new(shared.clone()), shared, authenticator, allowances }
    }

    /// Whether a handshake is accepted, and with which subprotocol.
    pub(crate) fn admit(&self, handshake: &Handshake) -> Result<Agreed, Rejection> {
        let Shared { config, metrics, .. } = &*self.shared;
        let reject = |refusal| {
            metrics.refuse(refusal);
            debug!(?refusal, "handshake refused");
            Err(Rejection::of(refusal))
        };
        if !handshake::allows_origin(&handshake.headers, &handshake.uri, &config.origins) {
            return reject(Refusal::Origin);
        }
        if handshake.address.is_some_and(|address| !self.allowances.spend(address, Instant::now())) {
            return reject(Refusal::Rate);
        }
        match handshake::agree(&handshake.headers, config) {
            Some(agreed) => Ok(agreed),
            None => reject(Refusal::Subprotocol),
        }
    }

    /// Serves a connection until its session has it, or until it is closed.
    pub(crate) async fn receive(
        self: Arc<Self>,
        socket: Box<dyn Socket>,
        kind: ConnectionKind,
        handshake: Handshake,
        handler: Handler,
    ) {
        let Shared { config, metrics, .. } = &*self.shared;
        let mut connection = Connection::new(socket, metrics.connections.count());
        if self.slots.is_closing() {
            return connection.close(restart(), config.close_timeout).await;
        }
        let handshake = Arc::new(handshake);
        let greeted = timeout_at(Instant::now() + config.greeting, async {
            let principal = (self.authenticator)(handshake.clone()).await.map_err(|refused| {
                metrics.refuse(Refusal::Unauthorized);
                debug!(code = refused.code, "connection refused");
                Disconnect::Close(refused.code, refused.reason)
            })?;
            let request = match kind {
                ConnectionKind::Plain => None,
                ConnectionKind::Session => Some(self.greeting(&mut connection).await?),
            };
            Ok((principal, request))
        });
        let greeted = greeted.await.unwrap_or_else(|_| {
            metrics.refuse(Refusal::Greeting);
            Err(Disconnect::close(codes::NO_GREETING, "no greeting in time"))
        });
        let served = match greeted {
            Ok((principal, request)) => {
                let incoming = Incoming { connection, handshake, principal, handler };
                match request {
                    Some(request) => self.serve(incoming, request).await,
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
            break match poll_fn(|context| connection.poll_input(context)).await? {
                Input::Alive => continue,
                Input::Message(_) => Err(Violation::NoGreeting),
                Input::Malformed(malformed) => Err(malformed.into()),
                Input::Control(control) => Request::try_from(control),
            };
        };
        result.map_err(|violation| {
            add(&self.shared.metrics.violations, 1);
            violation.into()
        })
    }

    async fn serve(self: &Arc<Self>, incoming: Incoming, request: Request) -> Result<(), Rejected> {
        match request {
            Request::New => self.open(incoming, Core::<_, Server>::new, false).await,
            Request::Resume { token, known } => {
                self.resume(ResumeRequest { incoming, token, known, lost: false }).await
            }
        }
    }

    async fn resume(self: &Arc<Self>, mut request: ResumeRequest) -> Result<(), Rejected> {
        if request.lost {
            return self.open(request.incoming, Core::<_, Server>::instead, true).await;
        }
        let id = SessionId::of(request.token);
        let slot = loop {
            match self.slots.take(id, &request.incoming, self.clone()) {
                Ok(slot) => break slot,
                Err(NoSlot::Taken(requests)) => match requests.resume(request) {
                    Ok(()) => return Ok(()),
                    // The session has just ended, and its slot is free in a moment.
                    Err(back) => {
                        request = back;
                        tokio::task::yield_now().await;
                    }
                },
                Err(NoSlot::Full) => return Err(self.no_room(request.incoming.connection)),
                Err(NoSlot::Closing) => return Err((request.incoming.connection, restart())),
            }
        };
        let Some(fence) = random().map(Fence) else { return Err(no_randomness(request.incoming.connection)) };
        let claimant = Claimant { principal: request.incoming.principal.clone(), fence, known: request.known };
        let claimed = self.in_time(self.shared.store.claim(id, &claimant)).await;
        let metrics = &self.shared.metrics;
        if let Ok(Claim::Taken(kept)) = claimed {
            add(&metrics.restored, 1);
            info!(session = %id, "session restored");
            self.restore(slot, id, fence, kept, request);
            return Ok(());
        }
        // Others may have asked for the session meanwhile.
        for late in slot.release() {
            self.clone().readmit(late);
        }
        let principal = &request.incoming.principal;
        let lost = matches!(claimed, Ok(Claim::Lost));
        match claimed {
            Err(_) => return Err(self.no_store(request.incoming.connection)),
            Ok(Claim::Foreign) => {
                add(&metrics.foreign, 1);
                warn!(session = %id, %principal, "a client has the token of another principal's session");
            }
            Ok(_) => add(&metrics.unknown, 1),
        }
        self.open(request.incoming, Core::<_, Server>::instead, lost).await
    }

    /// Begins a session. One in place of another says whether that one has lost a part.
    async fn open(self: &Arc<Self>, incoming: Incoming, make: Make, lost: bool) -> Result<(), Rejected> {
        let (token, slot, incoming) = self.take_fresh_slot(incoming)?;
        let id = SessionId::of(token);
        let time_to_live = self.shared.config.time_to_live;
        let fresh = Fresh { principal: incoming.principal.clone(), time_to_live };
        let Some(fence) = random().map(Fence) else { return Err(no_randomness(incoming.connection)) };
        if self.in_time(self.shared.store.create(id, fence, fresh)).await.is_err() {
            return Err(self.no_store(incoming.connection));
        }
        add(&self.shared.metrics.opened, 1);
        debug!(session = %id, "session opened");
        let welcome = Welcome { lost, ..self.welcome(token, millis(time_to_live)) };
        let core = make(self.shared.config.limits.outbox, welcome, Driver::FIRST_CONNECTION);
        let beginning = Beginning { id, fence, core, time_to_live, inbox: Vec::new() };
        let (connection, handler) = incoming.begin(id, false, slot.channel().clone());
        Driver::begin(self.shared.clone(), slot, beginning, handler, connection);
        Ok(())
    }

    fn serve_plainly(self: &Arc<Self>, incoming: Incoming) -> Result<(), Rejected> {
        let (token, slot, incoming) = self.take_fresh_slot(incoming)?;
        let (connection, handler) = incoming.begin(SessionId::of(token), false, slot.channel().clone());
        tokio::spawn(PlainDriver::new(self.shared.clone(), slot, connection, handler));
        Ok(())
    }

    fn take_fresh_slot(self: &Arc<Self>, incoming: Incoming) -> Result<(Token, Slot, Incoming), Rejected> {
        let Some(token) = random().map(Token) else { return Err(no_randomness(incoming.connection)) };
        match self.slots.take(SessionId::of(token), &incoming, self.clone()) {
            Ok(slot) => Ok((token, slot, incoming)),
            Err(NoSlot::Closing) => Err((incoming.connection, restart())),
            Err(NoSlot::Full | NoSlot::Taken(_)) => Err(self.no_room(incoming.connection)),
        }
    }

    fn restore(self: &Arc<Self>, slot: Slot, id: SessionId, fence: Fence, kept: Kept, request: ResumeRequest) {
        let Kept { time_to_live, inbox, outbox } = kept;
        slot.channel().restore(outbox.last());
        let taken = inbox.last();
        let welcome = self.welcome(request.token, millis(time_to_live));
        let messages = outbox.messages.into_iter().map(|message| {
            let bytes = message.len() as u64;
            (message, bytes)
        });
        let stored = Stored { acknowledged: outbox.after, messages, taken };
        let core = Core::<_, Server>::restore(self.shared.config.limits.outbox, welcome, stored);
        let inbox = (inbox.after + 1..).zip(inbox.messages).collect();
        let beginning = Beginning { id, fence, core, time_to_live, inbox };
        let (connection, handler) = request.incoming.begin(id, true, slot.channel().clone());
        Driver::resume(self.shared.clone(), slot, beginning, handler, connection, request.known);
    }

    fn welcome(&self, token: Token, time_to_live: u32) -> Welcome {
        Welcome { token, time_to_live, terms: self.shared.terms(), lost: false }
    }

    /// The store's answer, if it comes while the client still waits.
    async fn in_time<T>(&self, asked: impl Future<Output = Result<T, Unavailable>>) -> Result<T, ()> {
        let answer = timeout_at(Instant::now() + self.shared.config.greeting, asked).await;
        let error: Box<dyn std::fmt::Display + Send> = match answer {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => Box::new(error),
            Err(error) => Box::new(error),
        };
        add(&self.shared.metrics.store_failures, 1);
        warn!(%error, "no answer from the store");
        Err(())
    }

    fn no_room(&self, connection: Connection) -> Rejected {
        self.shared.metrics.refuse(Refusal::Sessions);
        (connection, Disconnect::close(codes::TRY_LATER, "too many sessions"))
    }

    fn no_store(&self, connection: Connection) -> Rejected {
        self.shared.metrics.refuse(Refusal::Store);
        (connection, Disconnect::close(codes::TRY_LATER, "the store does not answer"))
    }

    async fn close_rejected(&self, served: Result<(), Rejected>) {
        if let Err((connection, disconnect)) = served {
            connection.close(disconnect, self.shared.config.close_timeout).await;
        }
    }

    /// Ends all sessions on this node, and waits until their handlers are done and all connections are closed.
    pub(crate) async fn shut_down(&self) {
        self.slots.close();
        self.shared.metrics.sessions.none().await;
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
        tokio::spawn(resumed);
    }
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
