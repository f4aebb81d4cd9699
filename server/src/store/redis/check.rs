//! Whether sessions can be kept in a Redis, asked before there are any.

use std::time::Duration;

use redis::{RedisError, Value};
use tracing::warn;

use super::subscription::in_time;
use super::{RedisStore, failure};
use crate::store::{Fence, Fresh, Store as _, Unavailable, UnavailableCause};
use crate::{Principal, SessionId};

/// The oldest version that has all commands.
const OLDEST: (u32, u32) = (6, 2);
/// How long a session lives that is only there to try.
const TIME_TO_LIVE: Duration = Duration::from_secs(10);

impl RedisStore {
    /// As [`new`](Self::new), and [checks](Self::check) at once that sessions can be kept there.
    ///
    /// ```no_run
    /// # use undrop_server::store::{RedisStore, Unavailable};
    /// # async fn store() -> Result<RedisStore, Unavailable> {
    /// RedisStore::connect("redis://127.0.0.1/").await
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// What is wrong, and what to do: the address, the password, TLS, a replica, another program than Redis, or one that is too
    /// old.
    pub async fn connect(url: &str) -> Result<Self, Unavailable> {
        Self::new(url)?.check().await
    }

    /// Connects, and keeps and removes a session under a random id, so that a server does not start whose store can't work. A
    /// Redis that is full is no error: sessions can still be resumed.
    ///
    /// ```no_run
    /// # use undrop_server::store::{RedisStore, Unavailable};
    /// # async fn store() -> Result<RedisStore, Unavailable> {
    /// let nodes = ["redis://10.0.0.1:6379/", "redis://10.0.0.2:6379/"];
    /// RedisStore::cluster(nodes)?.with_prefix("chat:").check().await
    /// # }
    /// ```
    pub async fn check(self) -> Result<Self, Unavailable> {
        let server = self.connector.server().to_string();
        let explain = |error: RedisError| failure::explained(&server, error);
        self.connector.ask(&redis::cmd("PING")).await.map_err(explain)?;
        // A user who may not ask for it may have all that is needed.
        if let Ok(information) = self.connector.ask(redis::cmd("INFO").arg("server")).await
            && let Some(version @ (major, minor)) = version(&information)
            && version < OLDEST
        {
            let text = format!("Redis at {server} is version {major}.{minor}: it has to be 6.2 or newer");
            return Err(Unavailable::new(UnavailableCause::Other, text));
        }
        self.try_session().await.map_err(|error| match error {
            Tried::Failed(error) => explain(error),
            Tried::Unavailable(unavailable) => unavailable,
        })?;
        in_time(self.connector.server().subscribe(&self.channel())).await.map_err(explain)?;
        Ok(self)
    }

    async fn try_session(&self) -> Result<(), Tried> {
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(|error| {
            Tried::Unavailable(Unavailable::new(UnavailableCause::Other, format!("there is no randomness: {error}")))
        })?;
        let (id, fence) = (SessionId::from_bytes(id), Fence(0));
        let fresh = Fresh { principal: Principal::Anonymous, time_to_live: TIME_TO_LIVE };
        match self.keep(id, fence, &fresh).await {
            Ok(_) => {}
            Err(error) if failure::cause(&error) == UnavailableCause::Full => {
                warn!("Redis is full (maxmemory): no session can begin until others end");
                return Ok(());
            }
            Err(error) => return Err(Tried::Failed(error)),
        }
        // What is not removed expires.
        let _ = self.remove(id, fence).await;
        Ok(())
    }
}

enum Tried {
    Failed(RedisError),
    Unavailable(Unavailable),
}

/// The version that `INFO server` names.
fn version(information: &Value) -> Option<(u32, u32)> {
    let text = match information {
        Value::BulkString(bytes) => std::str::from_utf8(bytes).ok()?,
        Value::VerbatimString { text, .. } => text,
        // Each node of a cluster has its own.
        _ => return None,
    };
    let version = text.lines().find_map(|line| line.strip_prefix("redis_version:"))?;
    let mut numbers = version.trim().split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_from_what_redis_tells() {
        let of = |text: &str| version(&Value::BulkString(text.as_bytes().to_vec()));
        assert_eq!(of("# Server\r\nredis_version:6.0.16\r\nredis_mode:standalone\r\n"), Some((6, 0)));
        assert!(of("redis_version:6.0.16\r\n") < Some(OLDEST) && of("redis_version:7.2.4\r\n") > Some(OLDEST));
        assert_eq!(of("nothing"), None);
    }
}
