//! Scripts, which Redis runs as a whole or not at all, and by themselves.

use redis::{Cmd, ErrorKind, RedisError, ServerErrorKind, Value};

use super::Connector;

pub(super) struct Script {
    code: &'static str,
    /// The name under which Redis knows a script that it has run.
    hash: String,
}

impl Script {
    pub(super) fn new(code: &'static str) -> Self {
        Self { code, hash: redis::Script::new(code).get_hash().to_owned() }
    }

    /// Runs the script with these keys and arguments.
    pub(super) async fn run(
        &self,
        connector: &Connector,
        keys: &[String],
        arguments: impl Fn(&mut Cmd),
    ) -> Result<Value, RedisError> {
        let command = |name, script: &str| {
            let mut command = redis::cmd(name);
            command.arg(script).arg(keys.len()).arg(keys);
            arguments(&mut command);
            command
        };
        let answer = connector.ask(&command("EVALSHA", &self.hash)).await;
        match answer {
            // A Redis that was restarted, or has taken over from another one, does not know the script. `EVAL` goes to the node
            // of a cluster that has the keys; `SCRIPT LOAD` goes to all, and fails if one of them is down.
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                connector.ask(&command("EVAL", self.code)).await
            }
            answer => answer,
        }
    }
}
