//! Sessions kept in Redis: they outlive a node, and any other one resumes them.
//!
//! A session is a hash with its numbers and two streams with its messages, whose entries bear the numbers of the
//! messages: Redis itself refuses to add one twice. Each step is a script, which Redis runs as a whole or not at all.
//! The three keys of a session have its id in braces, so a cluster keeps them together.
//!
//! A stream has as many entries as the record says, or the record has lost some: Redis evicts each key by itself.

mod connection;
mod script;
mod settings;

use std::time::Duration;

use redis::cluster::ClusterClientBuilder;
use redis::sentinel::SentinelNodeConnectionInfo;
use redis::{Client, Cmd, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, RedisError, TlsMode, Value};

use self::connection::{Connector, RESPONSE_TIMEOUT, Server, is_full};
use self::script::Script;
use super::interface::{Failure, Store, Unavailable};
use super::record::{Change, Claim, Claimant, Fence, Fresh, Kept, Numbered};
use crate::{Message, Principal, SessionId};

/// How many messages are read at once, ...
const PAGE_MESSAGES: usize = 256;
/// ... and how many bytes of them, but for the last four: Redis does nothing else meanwhile. Such a page takes it half a
/// millisecond.
const PAGE_BYTES: usize = 256 << 10;

/// How long a set of a user's sessions is kept after the last one began: longer than any session that is never resumed.
const NOTED: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// How many sessions of a user may be noted before those that have expired are looked for, ...
const MOST_NOTED: u64 = 64;
/// ... and among how many each time.
const PRUNED: usize = 8;

/// Sessions kept in Redis.
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
}

impl RedisStore {
    /// A store in the Redis of this URL, such as `redis://127.0.0.1/`.
    ///
    /// It connects when it is first asked. When the connection is lost, Redis does not answer, or it answers that it is not the
    /// one to ask (it is a replica now, say), the host's name is resolved and a connection is made anew.
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
        Ok(Self::on(Server::Single(Client::open(url).map_err(unavailable)?)))
    }

    /// A store in the primary that these sentinels name for a service, whichever it is at the time.
    ///
    /// The service is its name, or a URL with the name in the place of the host, if its servers want a user, a password, another
    /// database or TLS (`rediss`): those of the sentinels' URLs are for the sentinels.
    ///
    /// ```
    /// # use undrop_server::store::{RedisStore, Unavailable};
    /// # fn main() -> Result<(), Unavailable> {
    /// let sentinels = ["redis://10.0.0.1:26379/", "redis://10.0.0.2:26379/", "redis://10.0.0.3:26379/"];
    /// let store = RedisStore::sentinel(sentinels, "mymaster")?;
    /// // Or, if the servers want a password:
    /// let store = RedisStore::sentinel(sentinels, "redis://:secret@mymaster/")?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn sentinel(sentinels: impl IntoIterator<Item = impl AsRef<str>>, service: &str) -> Result<Self, Unavailable> {
        let sentinels = addresses(sentinels)?;
        if sentinels.is_empty() {
            return Err(Unavailable("there has to be a sentinel".into()));
        }
        let mut node = SentinelNodeConnectionInfo::default();
        let mut name = service.to_owned();
        if service.contains("://") {
            let info = service.into_connection_info().map_err(unavailable)?;
            node = node.set_redis_connection_info(info.redis_settings().clone());
            name = match info.addr() {
                ConnectionAddr::Tcp(host, _) => host.clone(),
                ConnectionAddr::TcpTls { host, insecure, .. } => {
                    node = node.set_tls_mode(if *insecure { TlsMode::Insecure } else { TlsMode::Secure });
                    host.clone()
                }
                _ => return Err(Unavailable("the URL of a service has its name in the place of the host".into())),
            };
        }
        Ok(Self::on(Server::Sentinel { sentinels, service: name, node: Box::new(node) }))
    }

    /// A store in a Redis Cluster. These are some of its nodes, from which it learns of the others.
    ///
    /// ```
    /// # use undrop_server::store::{RedisStore, Unavailable};
    /// # fn main() -> Result<(), Unavailable> {
    /// let store = RedisStore::cluster(["redis://10.0.0.1:6379/", "redis://10.0.0.2:6379/", "redis://10.0.0.3:6379/"])?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn cluster(nodes: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Self, Unavailable> {
        let nodes = addresses(nodes)?;
        let client = ClusterClientBuilder::new(nodes.clone())
            .connection_timeout(RESPONSE_TIMEOUT)
            .response_timeout(RESPONSE_TIMEOUT)
            .overall_response_timeout(Some(RESPONSE_TIMEOUT))
            // For redirections, and slots that are on their way. The session's node repeats its requests by itself.
            .retries(4)
            .min_retry_wait(10)
            .max_retry_wait(100)
            .build()
            .map_err(unavailable)?;
        Ok(Self::on(Server::Cluster { client: Box::new(client), nodes }))
    }

    fn on(server: Server) -> Self {
        Self {
            connector: Connector::new(server, |connection, name| drop(tokio::spawn(settings::check(connection, name)))),
            prefix: "undrop:".to_owned(),
            create: Script::new(include_str!("redis/create.lua")),
            claim: Script::new(include_str!("redis/claim.lua")),
            page: Script::new(include_str!("redis/page.lua")),
            write: Script::new(include_str!("redis/write.lua")),
            remove: Script::new(include_str!("redis/remove.lua")),
            revoke: Script::new(include_str!("redis/revoke.lua")),
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
        let record = format!("{}{{{id}}}", self.prefix);
        let keys = [format!("{record}:in"), format!("{record}:out"), record];
        let answer = script.run(&self.connector, &keys, |command| {
            command.arg(format!("{fence:032x}"));
            arguments(command);
        });
        answer.await.map_err(|error| if is_full(&error) { full() } else { unavailable(error) })
    }

    /// The key of the set of a user's sessions, so that they can be revoked.
    fn sessions_of(&self, principal: &Principal) -> Option<String> {
        match principal {
            Principal::User(_) => Some(format!("{}of:{principal}", self.prefix)),
            Principal::Anonymous => None,
        }
    }

    /// Notes whose a session is, before there is one. A set that has grown beyond what a user may have loses some of those that
    /// have expired.
    async fn note(&self, principal: &Principal, id: SessionId) -> Result<(), Unavailable> {
        let Some(key) = self.sessions_of(principal) else { return Ok(()) };
        self.ask(redis::cmd("SADD").arg(&key).arg(id.to_string())).await?;
        self.ask(redis::cmd("PEXPIRE").arg(&key).arg(NOTED.as_millis() as u64)).await?;
        if number(&self.ask(redis::cmd("SCARD").arg(&key)).await?).is_some_and(|noted| noted > MOST_NOTED) {
            for id in self.ids(redis::cmd("SRANDMEMBER").arg(&key).arg(PRUNED)).await? {
                let record = format!("{}{{{id}}}", self.prefix);
                if number(&self.ask(redis::cmd("EXISTS").arg(record)).await?) == Some(0) {
                    self.ask(redis::cmd("SREM").arg(&key).arg(id.to_string())).await?;
                }
            }
        }
        Ok(())
    }

    async fn ids(&self, command: &Cmd) -> Result<Vec<SessionId>, Unavailable> {
        let answer = self.ask(command).await?;
        let (Value::Array(ids) | Value::Set(ids)) = &answer else { return Err(unexpected(&answer)) };
        Ok(ids.iter().filter_map(session_id).collect())
    }

    async fn ask(&self, command: &Cmd) -> Result<Value, Unavailable> {
        self.connector.ask(command).await.map_err(|error| if is_full(&error) { full() } else { unavailable(error) })
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
                    return Err(Unavailable("another node claimed the session meanwhile".into()));
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
        self.note(&fresh.principal, id).await?;
        let (principal, time_to_live) = (fresh.principal.to_string(), fresh.time_to_live.as_millis() as u64);
        self.run(&self.create, id, fence, |command| {
            command.arg(&principal).arg(time_to_live);
        })
        .await?;
        Ok(())
    }

    async fn claim(&self, id: SessionId, claimant: &Claimant) -> Result<Claim, Unavailable> {
        let Claimant { principal, fence, known } = claimant;
        let principal = principal.to_string();
        let answer = self
            .run(&self.claim, id, *fence, |command| {
                command.arg(&principal).arg(known.received).arg(known.acknowledged);
                command.arg(known.attempt).arg(known.answered);
            })
            .await?;
        let Some(counts) = counts(&answer) else {
            return match &answer {
                Value::SimpleString(answer) if answer == "unknown" => Ok(Claim::Unknown),
                Value::SimpleString(answer) if answer == "foreign" => Ok(Claim::Foreign),
                Value::SimpleString(answer) if answer == "lost" => Ok(Claim::Lost),
                Value::SimpleString(answer) if answer == "late" => Ok(Claim::Late),
                Value::SimpleString(answer) if answer == "past" => Ok(Claim::Past),
                answer => Err(unexpected(answer)),
            };
        };
        let [time_to_live, committed, taken, acknowledged, sent] = counts;
        let (inbox, outbox) = tokio::try_join!(
            self.read(id, *fence, Stream::Inbox, committed, taken),
            self.read(id, *fence, Stream::Outbox, acknowledged, sent),
        )?;
        let (Some(inbox), Some(outbox)) = (inbox, outbox) else { return Ok(Claim::Lost) };
        Ok(Claim::Taken(Kept { time_to_live: Duration::from_millis(time_to_live), inbox, outbox }))
    }

    async fn write(&self, id: SessionId, fence: Fence, change: &Change) -> Result<(), Failure> {
        let Change { taken, committed, sent, acknowledged, attempt } = change;
        let answer = self
            .run(&self.write, id, fence, |command| {
                command.arg(*committed).arg(*acknowledged);
                for Numbered { after, messages } in [taken, sent] {
                    command.arg(*after).arg(messages.len());
                    for message in messages {
                        let kind = if matches!(message, Message::Text(_)) { TEXT } else { BINARY };
                        command.arg(kind).arg(message.as_bytes());
                    }
                }
                command.arg(*attempt);
            })
            .await?;
        match answer {
            Value::Int(1) => Ok(()),
            Value::Int(0) => Err(Failure::Fenced),
            Value::Int(-1) => Err(Failure::Behind),
            Value::Int(-2) => Err(full().into()),
            Value::Int(-3) => Err(Failure::Revoked),
            answer => Err(unexpected(&answer).into()),
        }
    }

    async fn revoke(&self, principal: &Principal) -> Result<(), Unavailable> {
        let Some(key) = self.sessions_of(principal) else { return Ok(()) };
        let name = principal.to_string();
        for id in self.ids(redis::cmd("SMEMBERS").arg(&key)).await? {
            self.run(&self.revoke, id, Fence(0), |command| {
                command.arg(&name);
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

/// Reads the numbers of a session that the script has claimed.
fn counts(answer: &Value) -> Option<[u64; 5]> {
    let Value::Array(fields) = answer else { return None };
    let numbers: Option<Vec<_>> = fields.iter().map(number).collect();
    numbers?.try_into().ok()
}

/// Reads a page of messages: a kind and bytes each. There is one at least.
fn messages(page: &Value) -> Option<Vec<Message>> {
    let Value::Array(fields) = page else { return None };
    let messages = fields.chunks(2).map(|message| {
        let [Value::BulkString(kind), Value::BulkString(bytes)] = message else { return None };
        Some(match kind.as_slice() {
            kind if kind == TEXT.as_bytes() => Message::text(String::from_utf8(bytes.clone()).ok()?),
            _ => Message::binary(bytes.clone()),
        })
    });
    messages.collect::<Option<Vec<_>>>().filter(|messages| !messages.is_empty())
}

fn session_id(value: &Value) -> Option<SessionId> {
    let Value::BulkString(digits) = value else { return None };
    let number = u128::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    Some(SessionId::from_bytes(number.to_be_bytes()))
}

fn number(value: &Value) -> Option<u64> {
    match value {
        Value::Int(number) => u64::try_from(*number).ok(),
        Value::BulkString(digits) => std::str::from_utf8(digits).ok()?.parse().ok(),
        _ => None,
    }
}

fn addresses(urls: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Vec<ConnectionInfo>, Unavailable> {
    urls.into_iter().map(|url| url.as_ref().into_connection_info().map_err(unavailable)).collect()
}

fn unavailable(error: RedisError) -> Unavailable {
    Unavailable(Box::new(error))
}

fn full() -> Unavailable {
    Unavailable(
        "Redis is full (maxmemory): this waits until sessions end, or have their messages committed or acknowledged"
            .into(),
    )
}

/// Redis holds something that this store did not write.
fn unexpected(answer: &Value) -> Unavailable {
    let kind = match answer {
        Value::Array(_) => "the record in Redis was not written by this store",
        _ => "Redis answered something that this store does not know",
    };
    Unavailable(kind.into())
}
