//! A real redis-server, on a port and in a folder of its own.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Stdio;

use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use undrop_server::store::RedisStore;

use super::soon;

pub struct Redis {
    port: u16,
    folder: PathBuf,
    child: Child,
}

impl Redis {
    pub async fn start() -> Self {
        // A port that was free a moment ago. Whoever has it now makes redis-server fail, and the test with it.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = std::env::temp_dir().join(format!("undrop-redis-{}-{port}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let child = spawn(port, &folder);
        let mut redis = Self { port, folder, child };
        redis.answers().await;
        redis
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    pub fn store(&self) -> RedisStore {
        RedisStore::new(&self.url()).unwrap()
    }

    /// Kills it, as a power cut would.
    pub async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }

    /// Starts it again, with what it has on disk.
    pub async fn restart(&mut self) {
        self.child = spawn(self.port, &self.folder);
        self.answers().await;
    }

    async fn answers(&mut self) {
        let port = self.port;
        let child = &mut self.child;
        soon("redis-server", async {
            while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
                if let Some(status) = child.try_wait().unwrap() {
                    panic!("redis-server ended: {status}");
                }
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

fn spawn(port: u16, folder: &std::path::Path) -> Child {
    // Nothing that was acknowledged is lost by a kill.
    let settings = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "yes", "--appendfsync", "always"];
    let mut command = Command::new("redis-server");
    command.args(["--port", &port.to_string(), "--dir"]).arg(folder).args(settings);
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true).spawn();
    child.unwrap_or_else(|error| panic!("redis-server: {error}. `npm run setup` installs it"))
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.start_kill();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
