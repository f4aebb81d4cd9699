//! Sessions kept in Redis: they outlive a node, and any other one resumes them.
//!
//! A session is a hash with its numbers and two streams with its messages, whose entries bear the numbers of the
//! messages: Redis itself refuses to add one twice. Each step is a script, which Redis runs as a whole or not at all.
//! What is forwarded to it by its id waits in the hash. The three keys of a session have its id in braces, so a cluster keeps them
//! together.
//!
//! A stream has as many entries as the record says, or the record has lost some: Redis evicts each key by itself.

#[cfg(not(target_arch = "wasm32"))]
mod check;
#[cfg(not(target_arch = "wasm32"))]
mod connection;
mod failure;
#[cfg(target_arch = "wasm32")]
mod javascript;
mod script;
#[cfg(not(target_arch = "wasm32"))]
mod servers;
#[cfg(not(target_arch = "wasm32"))]
mod settings;
#[cfg(not(target_arch = "wasm32"))]
mod subscription;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use redis::{Cmd, RedisError, Value};
use tracing::{debug, warn};

use self::failure::{full, unavailable, unexpected};
#[cfg(target_arch = "wasm32")]
pub(crate) use self::javascript::RedisClient;
#[cfg(target_arch = "wasm32")]
use self::javascript::{Connector, Subscription};
use self::script::Script;
#[cfg(not(target_arch = "wasm32"))]
use self::{connection::Connector, subscription::Subscription};
use super::interface::{Failure, NotForwarded, Store};
use super::record::{Change, Claim, Claimant, Fence, Forward, Forwarded, Fresh, Kept, Numbered, Rest, Written};
use super::unavailable::{Unavailable, UnavailableCause};
use super::wake::Wake;
use crate::{Message, Principal, SessionId};

/// How a session is laid out in Redis: the field `format` of its record. What is written without one was of the first.
///
/// Another layout needs another number, and a version that reads it before one that writes it: while nodes are upgraded, both
/// have the same Redis. A node that does not know the format of a session changes nothing of it.
const FORMAT: &str = "1";

/// How many messages are read at once.
const PAGE_MESSAGES: usize = 256;
/// How many bytes of messages are read at once, but for the last four: Redis does nothing else meanwhile. Such a page takes it half a
/// millisecond.
const PAGE_BYTES: usize = 256 << 10;

/// How long a message that was forwarded is remembered, in milliseconds, so that it is not taken twice.
const REMEMBERED: u64 = 60_000;

/// How long a set of a user's sessions is kept after the last one began: longer than any session that is never resumed.
const NOTED: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// How many sessions of a user may be noted before those that have expired are looked for.
const MOST_NOTED: u64 = 64;
/// Among how many sessions of a user expired ones are looked for each time.
const PRUNED: usize = 8;

/// Sessions kept in Redis.
///
/// ```no_run
/// # use undrop_server::store::{RedisStore, Unavailable};
/// # use undrop_server::{Config, Sessions};
/// # async fn begin() -> Result<(), Unavailable> {
/// let store = RedisStore::connect("redis://10.0.0.1/").await?.with_prefix("chat:");
/// let sessions = Sessions::builder(Config::default()).store(store).name("chat").build();
/// # Ok(())
/// # }
/// ```
///
/// What outlives a crash of Redis is up to its settings. When the store connects, it warns of those that can lose what was
/// acknowledged.
pub struct RedisStore {
    connector: Connector,
    prefix: String,
    create: Script,
    claim: Script,
    page: Script,
    write: Script,
    remove: Script,
    revoke: Script,
    forward: Script,
    forwarded: Script,
    subscription: Subscription,
    /// Whether it was logged that there are sessions of another format.
    warned_of_format: AtomicBool,
}

impl RedisStore {
    /// A store in the Redis of a client that the app has in JavaScript.
    #[cfg(target_arch = "wasm32")]
    pub(crate) fn through(client: RedisClient) -> Self {
        Self::with_connector(Connector::new(client))
    }

    fn with_connector(connector: Connector) -> Self {
        Self {
            connector,
            prefix: "undrop:".to_owned(),
            create: Script::new(include_str!("redis/create.lua")),
            claim: Script::new(include_str!("redis/claim.lua")),
            page: Script::new(include_str!("redis/page.lua")),
            write: Script::new(include_str!("redis/write.lua")),
            remove: Script::new(include_str!("redis/remove.lua")),
            revoke: Script::new(include_str!("redis/revoke.lua")),
            forward: Script::new(include_str!("redis/forward.lua")),
            forwarded: Script::new(include_str!("redis/forwarded.lua")),
            subscription: Subscription::default(),
            warned_of_format: AtomicBool::new(false),
        }
    }

    /// Sets what the keys begin with. Default: `undrop:`. Two `Sessions` in one Redis need two prefixes.
    #[must_use]
    pub fn with_prefix(self, prefix: impl Into<String>) -> Self {
        Self { prefix: prefix.into(), ..self }
    }

    /// Runs a script on a session that has this fence, with what `arguments` adds.
    async fn run(
        &self,
        script: &Script,
        id: SessionId,
        Fence(fence): Fence,
        arguments: impl Fn(&mut Cmd),
    ) -> Result<Value, Unavailable> {
        self.run_on(script, &self.keys(id), |command| {
            command.arg(format!("{fence:032x}"));
            arguments(command);
        })
        .await
    }

    /// Keeps a fresh session.
    async fn keep(&self, id: SessionId, Fence(fence): Fence, fresh: &Fresh) -> Result<Value, RedisError> {
        let (principal, time_to_live) = (fresh.principal.to_string(), fresh.time_to_live.as_millis() as u64);
        let arguments = |command: &mut Cmd| {
            command.arg(format!("{fence:032x}")).arg(&principal).arg(time_to_live).arg(FORMAT);
        };
        self.create.run(&self.connector, &self.keys(id), arguments).await
    }

    async fn run_on(
        &self,
        script: &Script,
        keys: &[String],
        arguments: impl Fn(&mut Cmd),
    ) -> Result<Value, Unavailable> {
        let answer = script.run(&self.connector, keys, arguments).await;
        answer.map_err(unavailable)
    }

    /// The keys of a session, as the scripts have them.
    fn keys(&self, id: SessionId) -> [String; 3] {
        let record = self.record(id);
        [format!("{record}:in"), format!("{record}:out"), record]
    }

    fn record(&self, id: SessionId) -> String {
        format!("{}{{{id}}}", self.prefix)
    }

    /// Where nodes are told of forwarded messages.
    fn channel(&self) -> String {
        format!("{}forwarded", self.prefix)
    }

    /// The key of the set of a user's sessions, so that they can be revoked.
    fn set_of(&self, principal: &Principal) -> Option<String> {
        match principal {
            Principal::User(_) => Some(format!("{}of:{principal}", self.prefix)),
            Principal::Anonymous => None,
        }
    }

    /// Notes whose a session is, before there is one. A set that has grown beyond what a user may have loses some of those that
    /// have expired.
    async fn note(&self, principal: &Principal, id: SessionId) -> Result<(), Unavailable> {
        let Some(key) = self.set_of(principal) else { return Ok(()) };
        self.ask(redis::cmd("SADD").arg(&key).arg(id.to_string())).await?;
        self.ask(redis::cmd("PEXPIRE").arg(&key).arg(NOTED.as_millis() as u64)).await?;
        if number(&self.ask(redis::cmd("SCARD").arg(&key)).await?).is_some_and(|noted| noted > MOST_NOTED) {
            for id in self.ids(redis::cmd("SRANDMEMBER").arg(&key).arg(PRUNED)).await? {
                if number(&self.ask(redis::cmd("EXISTS").arg(self.record(id))).await?) == Some(0) {
                    self.ask(redis::cmd("SREM").arg(&key).arg(id.to_string())).await?;
                }
            }
        }
        Ok(())
    }

    /// Logs that there are sessions of another format: the first at `warn`, as an upgrade may have left very many.
    fn warn_of_format(&self, id: SessionId, format: &str) {
        let text = "a session in Redis has a format that this version does not know: its client begins a new one";
        if self.warned_of_format.swap(true, Ordering::Relaxed) {
            debug!(session = %id, format, "{text}");
        } else {
            warn!(session = %id, format, "{text}");
        }
    }

    async fn ids(&self, command: &Cmd) -> Result<Vec<SessionId>, Unavailable> {
        let answer = self.ask(command).await?;
        let (Value::Array(ids) | Value::Set(ids)) = &answer else { return Err(unexpected(&answer)) };
        Ok(ids.iter().filter_map(session_id).collect())
    }

    async fn ask(&self, command: &Cmd) -> Result<Value, Unavailable> {
        self.connector.ask(command).await.map_err(unavailable)
    }

    /// Reads the messages that a stream has after a number. None if one is missing.
    async fn read(
        &self,
        id: SessionId,
        fence: Fence,
        stream: Stream,
        after: u64,
        last: u64,
    ) -> Result<Option<Numbered>, Unavailable> {
        let mut numbered = Numbered::none(after);
        while numbered.last() < last {
            let answer = self
                .run(&self.page, id, fence, |command| {
                    command.arg(stream as u8).arg(numbered.last()).arg(last).arg(PAGE_MESSAGES).arg(PAGE_BYTES);
                })
                .await?;
            match &answer {
                Value::SimpleString(answer) if answer == "lost" => return Ok(None),
                Value::SimpleString(answer) if answer == "fenced" => {
                    let text = "another node claimed the session meanwhile";
                    return Err(Unavailable::new(UnavailableCause::Other, text));
                }
                page => numbered.messages.extend(messages(page).ok_or_else(|| unexpected(page))?),
            }
        }
        Ok(Some(numbered))
    }
}

/// The number of a stream among the keys.
#[derive(Clone, Copy)]
enum Stream {
    Inbox = 1,
    Outbox = 2,
}

impl Store for RedisStore {
    async fn create(&self, id: SessionId, fence: Fence, fresh: Fresh) -> Result<(), Unavailable> {
        self.subscription.begin(&self.connector, self.channel());
        self.note(&fresh.principal, id).await?;
        self.keep(id, fence, &fresh).await.map_err(unavailable)?;
        Ok(())
    }

    async fn claim(&self, id: SessionId, claimant: &Claimant) -> Result<Claim, Unavailable> {
        self.subscription.begin(&self.connector, self.channel());
        let Claimant { principal, fence, known } = claimant;
        let principal = principal.to_string();
        let answer = self
            .run(&self.claim, id, *fence, |command| {
                command.arg(&principal).arg(known.received).arg(known.acknowledged);
                command.arg(known.attempt).arg(known.answered).arg(FORMAT);
            })
            .await?;
        let Some(counts) = counts(&answer) else {
            return match &answer {
                Value::SimpleString(answer) if answer == "unknown" => Ok(Claim::Unknown),
                Value::SimpleString(answer) if answer == "foreign" => Ok(Claim::Foreign),
                Value::SimpleString(answer) if answer == "lost" => Ok(Claim::Lost),
                Value::SimpleString(answer) if answer == "late" => Ok(Claim::Late),
                Value::SimpleString(answer) if answer == "past" => Ok(Claim::Past),
                Value::SimpleString(answer) if answer.starts_with("format ") => {
                    self.warn_of_format(id, &answer["format ".len()..]);
                    Ok(Claim::Unknown)
                }
                answer => Err(unexpected(answer)),
            };
        };
        let [time_to_live, committed, taken, acknowledged, sent, forwarded] = counts;
        let (inbox, outbox) = tokio::try_join!(
            self.read(id, *fence, Stream::Inbox, committed, taken),
            self.read(id, *fence, Stream::Outbox, acknowledged, sent),
        )?;
        let (Some(inbox), Some(outbox)) = (inbox, outbox) else { return Ok(Claim::Lost) };
        let kept = Kept::new(Duration::from_millis(time_to_live));
        Ok(Claim::Taken(kept.inbox(inbox).outbox(outbox).forwarded(forwarded)))
    }

    async fn write(&self, id: SessionId, fence: Fence, change: &Change) -> Result<Written, Failure> {
        let Change { taken, committed, sent, acknowledged, attempt, forwarded, .. } = change;
        let answer = self
            .run(&self.write, id, fence, |command| {
                command.arg(*committed).arg(*acknowledged).arg(*forwarded);
                for Numbered { after, messages, .. } in [taken, sent] {
                    command.arg(*after).arg(messages.len());
                    for message in messages {
                        command.arg(kind(message)).arg(message.as_bytes());
                    }
                }
                command.arg(*attempt);
            })
            .await?;
        match answer {
            Value::Int(1) => Ok(Written { has_forwarded: false }),
            Value::Int(2) => Ok(Written { has_forwarded: true }),
            Value::Int(0) => Err(Failure::Fenced),
            Value::Int(-1) => Err(Failure::Behind),
            Value::Int(-2) => Err(full().into()),
            Value::Int(-3) => Err(Failure::Revoked),
            answer => Err(unexpected(&answer).into()),
        }
    }

    async fn forward(&self, id: SessionId, Forward { key, message }: &Forward) -> Result<(), NotForwarded> {
        let [inbox, outbox, record] = self.keys(id);
        let once = format!("{record}:once:{key:032x}");
        let keys = [inbox, outbox, record, once];
        let answer = self.run_on(&self.forward, &keys, |command| {
            // The scripts have the fence first. This one has no need for it.
            command.arg("").arg(kind(message)).arg(message.as_bytes());
            command.arg(Self::MOST_FORWARDED).arg(REMEMBERED).arg(self.channel()).arg(id.to_string()).arg(FORMAT);
        });
        match answer.await? {
            Value::Int(1) => Ok(()),
            Value::Int(-1) => Err(NotForwarded::Over),
            Value::Int(-2) => Err(NotForwarded::Full),
            answer => Err(unexpected(&answer).into()),
        }
    }

    async fn forwarded(&self, id: SessionId, fence: Fence) -> Result<Forwarded, Failure> {
        let answer = self.run(&self.forwarded, id, fence, |command| {
            command.arg(PAGE_MESSAGES).arg(PAGE_BYTES);
        });
        match answer.await? {
            Value::SimpleString(answer) if answer == "fenced" => Err(Failure::Fenced),
            Value::SimpleString(answer) if answer == "revoked" => Err(Failure::Revoked),
            answer => forwarded(&answer).ok_or_else(|| unexpected(&answer).into()),
        }
    }

    fn watch(&self, wake: Wake) {
        self.subscription.watch(wake);
    }

    async fn check(&self) -> Result<(), Unavailable> {
        self.ask(&redis::cmd("PING")).await.map(drop)
    }

    async fn sessions_of(&self, principal: &Principal) -> Result<Vec<SessionId>, Unavailable> {
        let Some(key) = self.set_of(principal) else { return Ok(Vec::new()) };
        let mut sessions = Vec::new();
        for id in self.ids(redis::cmd("SMEMBERS").arg(key)).await? {
            // The set has sessions that have expired.
            match self.ask(redis::cmd("HGET").arg(self.record(id)).arg("fence")).await? {
                Value::Nil => {}
                Value::BulkString(fence) if fence == b"revoked" => {}
                _ => sessions.push(id),
            }
        }
        Ok(sessions)
    }

    async fn revoke(&self, principal: &Principal) -> Result<(), Unavailable> {
        let Some(key) = self.set_of(principal) else { return Ok(()) };
        let name = principal.to_string();
        for id in self.ids(redis::cmd("SMEMBERS").arg(&key)).await? {
            self.run(&self.revoke, id, Fence(0), |command| {
                command.arg(&name).arg(FORMAT);
            })
            .await?;
            self.ask(redis::cmd("SREM").arg(&key).arg(id.to_string())).await?;
        }
        Ok(())
    }

    async fn remove(&self, id: SessionId, fence: Fence) -> Result<(), Failure> {
        match self.run(&self.remove, id, fence, |_| {}).await? {
            Value::Int(1) => Ok(()),
            Value::Int(0) => Err(Failure::Fenced),
            answer => Err(unexpected(&answer).into()),
        }
    }
}

const TEXT: &str = "t";
const BINARY: &str = "b";

fn kind(message: &Message) -> &'static str {
    match message {
        Message::Text(_) => TEXT,
        Message::Binary(_) => BINARY,
    }
}

/// Reads a page of forwarded messages: how many came before it, how many are left after it, and the messages.
fn forwarded(page: &Value) -> Option<Forwarded> {
    let Value::Array(fields) = page else { return None };
    let [after, left, messages @ ..] = fields.as_slice() else { return None };
    let rest = if number(left)? == 0 { Rest::Nothing } else { Rest::More };
    Some(Forwarded::new(Numbered::new(number(after)?, read(messages)?), rest))
}

/// Reads the numbers of a session that the script has claimed.
fn counts(answer: &Value) -> Option<[u64; 6]> {
    let Value::Array(fields) = answer else { return None };
    let numbers: Option<Vec<_>> = fields.iter().map(number).collect();
    numbers?.try_into().ok()
}

/// Reads a page of messages: a kind and bytes each. There is one at least.
fn messages(page: &Value) -> Option<Vec<Message>> {
    let Value::Array(fields) = page else { return None };
    read(fields).filter(|messages| !messages.is_empty())
}

/// Reads messages: a kind and bytes each.
fn read(fields: &[Value]) -> Option<Vec<Message>> {
    let messages = fields.chunks(2).map(|message| {
        let [Value::BulkString(kind), Value::BulkString(bytes)] = message else { return None };
        Some(match kind.as_slice() {
            kind if kind == TEXT.as_bytes() => Message::text(String::from_utf8(bytes.clone()).ok()?),
            _ => Message::binary(bytes.clone()),
        })
    });
    messages.collect()
}

fn session_id(value: &Value) -> Option<SessionId> {
    let Value::BulkString(digits) = value else { return None };
    SessionId::parse(digits)
}

fn number(value: &Value) -> Option<u64> {
    match value {
        Value::Int(number) => u64::try_from(*number).ok(),
        Value::BulkString(digits) => std::str::from_utf8(digits).ok()?.parse().ok(),
        _ => None,
    }
}
