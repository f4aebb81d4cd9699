//! Sessions kept in Redis: they outlive a node, and any other one resumes them.
//!
//! A session is a hash with its numbers and two streams with its messages, whose entries bear the numbers of the
//! messages: Redis itself refuses to add one twice. Each step is a script, which Redis runs as a whole or not at all.
//! The three keys of a session have its id in braces, so a cluster keeps them together.
//!
//! What outlives a crash of Redis itself is up to its settings: with `appendonly yes` and `appendfsync always` nothing that
//! was acknowledged is lost; with `everysec` up to a second is.

use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, RedisError, Script, ScriptInvocation, Value};

use super::interface::{Failure, Store, Unavailable};
use super::record::{Change, Claim, Claimant, Fence, Fresh, Kept, Numbered};
use crate::{Message, SessionId};

/// How long to wait for an answer of Redis before it is asked again.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(2);

/// Sessions kept in Redis.
pub struct RedisStore {
    connection: ConnectionManager,
    prefix: String,
    create: Script,
    claim: Script,
    write: Script,
    remove: Script,
}

impl RedisStore {
    /// A store in the Redis of this URL, such as `redis://127.0.0.1/`. It connects when it is first asked, and again each
    /// time the connection is lost.
    ///
    /// ```
    /// # use undrop_server::store::{RedisStore, Unavailable};
    /// # use undrop_server::{Config, Sessions};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Unavailable> {
    /// let store = RedisStore::new("redis://127.0.0.1/")?;
    /// let sessions = Sessions::builder(Config::default()).store(store).build();
    /// # Ok(())
    /// # }
    /// ```
    pub fn new(url: &str) -> Result<Self, Unavailable> {
        let client = Client::open(url).map_err(unavailable)?;
        // The session's task repeats its requests by itself.
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(1)
            .set_connection_timeout(Some(RESPONSE_TIMEOUT))
            .set_response_timeout(Some(RESPONSE_TIMEOUT));
        Ok(Self {
            connection: ConnectionManager::new_lazy_with_config(client, config).map_err(unavailable)?,
            prefix: "undrop:".to_owned(),
            create: Script::new(include_str!("redis/create.lua")),
            claim: Script::new(include_str!("redis/claim.lua")),
            write: Script::new(include_str!("redis/write.lua")),
            remove: Script::new(include_str!("redis/remove.lua")),
        })
    }

    /// Sets what the keys begin with. Default: `undrop:`. Two `Sessions` in one Redis need two prefixes.
    #[must_use]
    pub fn with_prefix(self, prefix: impl Into<String>) -> Self {
        Self { prefix: prefix.into(), ..self }
    }

    fn invocation<'a>(&self, script: &'a Script, id: SessionId) -> ScriptInvocation<'a> {
        let mut invocation = script.prepare_invoke();
        let record = format!("{}{{{id}}}", self.prefix);
        invocation.key(format!("{record}:in")).key(format!("{record}:out")).key(record);
        invocation
    }

    async fn ask(&self, invocation: &ScriptInvocation<'_>) -> Result<Value, Unavailable> {
        invocation.invoke_async(&mut self.connection.clone()).await.map_err(unavailable)
    }

    async fn change(&self, invocation: &ScriptInvocation<'_>) -> Result<(), Failure> {
        match self.ask(invocation).await? {
            Value::Int(1) => Ok(()),
            Value::Int(0) => Err(Failure::Fenced),
            Value::Int(-1) => Err(Failure::Behind),
            answer => Err(unexpected(&answer).into()),
        }
    }
}

impl Store for RedisStore {
    async fn create(&self, id: SessionId, fence: Fence, fresh: Fresh) -> Result<(), Unavailable> {
        let mut invocation = self.invocation(&self.create, id);
        invocation.arg(digits(fence)).arg(fresh.principal.to_string()).arg(fresh.time_to_live.as_millis() as u64);
        self.ask(&invocation).await?;
        Ok(())
    }

    async fn claim(&self, id: SessionId, claimant: &Claimant) -> Result<Claim, Unavailable> {
        let Claimant { principal, fence, known } = claimant;
        let mut invocation = self.invocation(&self.claim, id);
        invocation.arg(digits(*fence)).arg(principal.to_string()).arg(known.received).arg(known.acknowledged);
        match self.ask(&invocation).await? {
            Value::SimpleString(answer) if answer == "unknown" => Ok(Claim::Unknown),
            Value::SimpleString(answer) if answer == "foreign" => Ok(Claim::Foreign),
            Value::SimpleString(answer) if answer == "lost" => Ok(Claim::Lost),
            answer => taken(&answer).ok_or_else(|| unexpected(&answer)),
        }
    }

    async fn write(&self, id: SessionId, fence: Fence, change: &Change) -> Result<(), Failure> {
        let Change { taken, committed, sent, acknowledged } = change;
        let mut invocation = self.invocation(&self.write, id);
        invocation.arg(digits(fence)).arg(*committed).arg(*acknowledged);
        for Numbered { after, messages } in [taken, sent] {
            invocation.arg(*after).arg(messages.len());
            for message in messages {
                let kind = if matches!(message, Message::Text(_)) { TEXT } else { BINARY };
                invocation.arg(kind).arg(message.as_bytes());
            }
        }
        self.change(&invocation).await
    }

    async fn remove(&self, id: SessionId, fence: Fence) -> Result<(), Failure> {
        let mut invocation = self.invocation(&self.remove, id);
        invocation.arg(digits(fence));
        self.change(&invocation).await
    }
}

const TEXT: &str = "t";
const BINARY: &str = "b";

/// Reads the session that the script has claimed.
fn taken(answer: &Value) -> Option<Claim> {
    let Value::Array(fields) = answer else { return None };
    let [time_to_live, committed, acknowledged, inbox, outbox] = &fields[..] else { return None };
    let kept = Kept {
        time_to_live: Duration::from_millis(number(time_to_live)?),
        inbox: numbered(number(committed)?, inbox)?,
        outbox: numbered(number(acknowledged)?, outbox)?,
    };
    Some(Claim::Taken(kept))
}

/// Reads the messages of a stream, which have to follow on the number `after`.
fn numbered(after: u64, stream: &Value) -> Option<Numbered> {
    let Value::Array(entries) = stream else { return None };
    let mut messages = Vec::with_capacity(entries.len());
    for (entry, number) in entries.iter().zip(after + 1..) {
        let Value::Array(entry) = entry else { return None };
        let [Value::BulkString(id), Value::Array(fields)] = &entry[..] else { return None };
        let [Value::BulkString(kind), Value::BulkString(bytes)] = &fields[..] else { return None };
        if *id != format!("{number}-0").into_bytes() {
            return None;
        }
        messages.push(match kind.as_slice() {
            kind if kind == TEXT.as_bytes() => Message::text(String::from_utf8(bytes.clone()).ok()?),
            _ => Message::binary(bytes.clone()),
        });
    }
    Some(Numbered { after, messages })
}

/// A fence as Redis keeps it.
fn digits(Fence(number): Fence) -> String {
    format!("{number:032x}")
}

fn number(value: &Value) -> Option<u64> {
    match value {
        Value::Int(number) => u64::try_from(*number).ok(),
        Value::BulkString(digits) => std::str::from_utf8(digits).ok()?.parse().ok(),
        _ => None,
    }
}

fn unavailable(error: RedisError) -> Unavailable {
    Unavailable(Box::new(error))
}

/// Redis holds something that this store did not write.
fn unexpected(answer: &Value) -> Unavailable {
    let kind = match answer {
        Value::Array(_) => "the record in Redis was not written by this store",
        _ => "Redis answered something that this store does not know",
    };
    Unavailable(kind.into())
}
