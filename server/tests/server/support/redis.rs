//! Real redis-servers, each on a port and in a folder of its own: alone, watched by a sentinel, in a cluster, and behind an
//! address that can become another one's.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpSocket, TcpStream};
use tokio::process::{Child, Command};
use undrop_server::store::RedisStore;

use super::soon;

/// Nothing that was acknowledged is lost by a kill.
const SAFE: [&str; 6] = ["--save", "", "--appendonly", "yes", "--appendfsync", "always"];

/// Nothing is on disk but what `SAVE` writes.
pub const VOLATILE: [&str; 6] = ["--save", "", "--appendonly", "no", "--repl-diskless-sync-delay", "0"];

pub struct Redis {
    pub port: u16,
    /// The same port, and the other one that it listens on if there is one. They are reserved also while it is killed.
    _ports: (ReservedPort, Option<ReservedPort>),
    folder: PathBuf,
    arguments: Vec<String>,
    child: Child,
}

impl Redis {
    pub async fn start() -> Self {
        Self::start_with(&SAFE).await
    }

    /// Starts one that does not wait for the disk.
    pub async fn start_volatile() -> Self {
        Self::start_with(&VOLATILE).await
    }

    pub async fn start_with(settings: &[&str]) -> Self {
        Self::spawn(folder(), settings.iter().map(|setting| (*setting).to_owned()).collect(), None).await
    }

    /// Starts one that speaks TLS too, on another port, with a certificate for `localhost` of an authority that nobody knows.
    #[cfg(feature = "tls")]
    pub async fn start_with_tls() -> (Self, Tls) {
        Self::start_with_tls_for("no").await
    }

    /// The same, whose clients have to show a certificate of the same authority, if `yes`.
    #[cfg(feature = "tls")]
    pub async fn start_with_tls_for(clients_with_certificates: &str) -> (Self, Tls) {
        let folder = folder();
        let name = |file: &str| folder.join(file).to_str().unwrap().to_owned();
        let (authority, certificate, key) = (name("authority.pem"), name("certificate.pem"), name("key.pem"));
        let signing = rcgen::KeyPair::generate().unwrap();
        let mut root = rcgen::CertificateParams::new([]).unwrap();
        // Whoever has the name of the one who signed it is taken for one who signed for himself.
        root.distinguished_name.push(rcgen::DnType::CommonName, "authority");
        root.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let root_certificate = root.self_signed(&signing).unwrap();
        let issuer = rcgen::Issuer::new(root, signing);
        let server_key = rcgen::KeyPair::generate().unwrap();
        let server = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
        let server = server.signed_by(&server_key, &issuer).unwrap();
        let client_key = rcgen::KeyPair::generate().unwrap();
        let client = rcgen::CertificateParams::new(["client".to_owned()]).unwrap();
        let client = client.signed_by(&client_key, &issuer).unwrap();
        let client = (client.pem().into_bytes(), client_key.serialize_pem().into_bytes());
        std::fs::write(&authority, root_certificate.pem()).unwrap();
        std::fs::write(&certificate, server.pem()).unwrap();
        std::fs::write(&key, server_key.serialize_pem()).unwrap();
        let port = ReservedPort::new();
        let number = port.number();
        let tls =
            ["--tls-port", &number.to_string(), "--tls-auth-clients", clients_with_certificates].map(str::to_owned);
        let files = ["--tls-cert-file", &certificate, "--tls-key-file", &key, "--tls-ca-cert-file", &authority];
        let arguments = SAFE.into_iter().chain(files).map(str::to_owned).chain(tls).collect();
        let tls = Tls { url: format!("rediss://localhost:{number}/"), authority: authority.into(), client };
        (Self::spawn(folder, arguments, Some(port)).await, tls)
    }

    /// A node of a cluster, which has still to meet the others.
    pub async fn start_in_cluster() -> Self {
        let bus = ReservedPort::new();
        let number = bus.number().to_string();
        let cluster = ["--cluster-enabled", "yes", "--cluster-node-timeout", "500", "--cluster-port", &number];
        let settings = ["--cluster-require-full-coverage", "no", "--cluster-replica-validity-factor", "0"];
        let arguments = VOLATILE.into_iter().chain(cluster).chain(settings).map(str::to_owned).collect();
        Self::spawn(folder(), arguments, Some(bus)).await
    }

    /// A sentinel that watches a primary, which it calls `main`. By itself it takes a server for dead after 30 s. One that judges
    /// sooner takes servers for dead that are slow on a busy machine, and then names no primary.
    pub async fn start_sentinel(primary: &Redis) -> Self {
        let folder = folder();
        let settings = folder.join("sentinel.conf");
        let port = primary.port;
        std::fs::write(&settings, format!("sentinel monitor main 127.0.0.1 {port} 1\n")).unwrap();
        let arguments = vec![settings.to_str().unwrap().to_owned(), "--sentinel".to_owned()];
        Self::spawn(folder, arguments, None).await
    }

    /// Kills the primary that this sentinel watches, and has the sentinel make a replica the primary.
    pub async fn fail_over(&self, primary: &mut Redis) {
        primary.kill().await;
        self.says(&["SENTINEL", "FAILOVER", "main"], "OK").await;
    }

    async fn spawn(folder: PathBuf, arguments: Vec<String>, other_port: Option<ReservedPort>) -> Self {
        let reserved = ReservedPort::new();
        let port = reserved.number();
        let child = spawn(port, &folder, &arguments);
        let mut redis = Self { port, _ports: (reserved, other_port), folder, arguments, child };
        redis.answers().await;
        redis
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    pub fn store(&self) -> RedisStore {
        RedisStore::new(&self.url()).unwrap()
    }

    /// What a command answers.
    pub async fn cli(&self, command: &[&str]) -> String {
        let mut cli = Command::new("redis-cli");
        cli.args(["-p", &self.port.to_string()]).args(command).kill_on_drop(true);
        let output = soon(&command.join(" "), cli.output()).await.unwrap();
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    /// Runs commands, one a line, as `redis-cli` reads them.
    pub async fn script(&self, commands: &str) {
        let mut cli = Command::new("redis-cli");
        cli.args(["-e", "-p", &self.port.to_string()]).kill_on_drop(true).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut cli = cli.spawn().unwrap();
        cli.stdin.take().unwrap().write_all(commands.as_bytes()).await.unwrap();
        let output = soon("redis-cli", cli.wait_with_output()).await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }

    /// Waits until what a command answers contains a text.
    pub async fn says(&self, command: &[&str], text: &str) {
        soon(&format!("{text:?} from {command:?}"), async { while !self.cli(command).await.contains(text) {} }).await;
    }

    /// Makes it a replica, and waits until it has all that its primary has.
    pub async fn replicate(&self, primary: &Redis) {
        self.cli(&["REPLICAOF", "127.0.0.1", &primary.port.to_string()]).await;
        self.says(&["INFO", "replication"], "master_link_status:up").await;
    }

    /// Waits until it has all that its primary has told it until now.
    pub async fn catches_up(&self, primary: &Redis) {
        let told = primary.replication_offset().await;
        soon("replication", async { while self.replication_offset().await < told {} }).await;
    }

    async fn replication_offset(&self) -> u64 {
        let info = self.cli(&["INFO", "replication"]).await;
        let offset = info.lines().find_map(|line| line.strip_prefix("master_repl_offset:"));
        offset.unwrap().trim().parse().unwrap()
    }

    /// Kills it, as a power cut would.
    pub async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }

    /// Starts it again, with what it has on disk.
    pub async fn restart(&mut self) {
        self.child = spawn(self.port, &self.folder, &self.arguments);
        self.answers().await;
    }

    /// Starts it again, with more settings.
    pub async fn restart_with(&mut self, settings: &[&str]) {
        self.arguments.extend(settings.iter().map(|setting| (*setting).to_owned()));
        self.restart().await;
    }

    /// Starts it again, with what `SAVE` wrote when the dump was taken.
    pub async fn restart_from(&mut self, dump: &[u8]) {
        std::fs::write(self.folder.join("dump.rdb"), dump).unwrap();
        self.restart().await;
    }

    /// Writes a dump to disk.
    pub async fn dump(&self) -> Vec<u8> {
        assert_eq!(self.cli(&["SAVE"]).await, "OK");
        std::fs::read(self.folder.join("dump.rdb")).unwrap()
    }

    /// Makes it hang: its connections stay, and nothing is answered.
    pub async fn hang(&self) {
        let pid = self.child.id().unwrap().to_string();
        assert!(Command::new("kill").args(["-STOP", &pid]).status().await.unwrap().success());
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

/// How to reach a Redis over TLS.
#[cfg(feature = "tls")]
pub struct Tls {
    pub url: String,
    /// The certificate of its authority.
    pub authority: PathBuf,
    /// A client's certificate, and its key.
    pub client: (Vec<u8>, Vec<u8>),
}

/// A port for a server that is told its number. Whoever asks the system for any free port, to listen on or to connect from, is given
/// another one for as long as this lives.
struct ReservedPort(TcpSocket);

impl ReservedPort {
    /// Binds a socket that never listens. A redis-server sets `SO_REUSEADDR` too, so that it may listen on the same port.
    fn new() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_reuseaddr(true).unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        Self(socket)
    }

    fn number(&self) -> u16 {
        self.0.local_addr().unwrap().port()
    }
}

/// A folder that there was not.
fn folder() -> PathBuf {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!("undrop-redis-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let folder = std::env::temp_dir().join(name);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn spawn(port: u16, folder: &std::path::Path, arguments: &[String]) -> Child {
    let mut command = Command::new("redis-server");
    command.args(arguments).args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--dir"]).arg(folder);
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true).spawn();
    child.unwrap_or_else(|error| panic!("redis-server: {error}. `npm run setup` installs it"))
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.start_kill();
        // Until it is gone, it may write to the folder.
        while matches!(self.child.try_wait(), Ok(None)) {
            std::thread::yield_now();
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Three primaries that share the slots, and a replica of the first.
pub struct Cluster {
    pub nodes: Vec<Redis>,
    pub replica: Redis,
}

impl Cluster {
    pub async fn start() -> Self {
        let mut nodes = Vec::new();
        for (epoch, slots) in [("1", ["0", "5460"]), ("2", ["5461", "10922"]), ("3", ["10923", "16383"])] {
            let node = Redis::start_in_cluster().await;
            node.cli(&["CLUSTER", "SET-CONFIG-EPOCH", epoch]).await;
            node.cli(&["CLUSTER", "ADDSLOTSRANGE", slots[0], slots[1]]).await;
            nodes.push(node);
        }
        let replica = Redis::start_in_cluster().await;
        for node in nodes[1..].iter().chain([&replica]) {
            let bus = node.cli(&["CONFIG", "GET", "cluster-port"]).await;
            let bus = bus.lines().last().unwrap();
            nodes[0].cli(&["CLUSTER", "MEET", "127.0.0.1", &node.port.to_string(), bus]).await;
        }
        for node in nodes.iter().chain([&replica]) {
            node.says(&["CLUSTER", "INFO"], "cluster_known_nodes:4").await;
            node.says(&["CLUSTER", "INFO"], "cluster_state:ok").await;
        }
        let first = nodes[0].cli(&["CLUSTER", "MYID"]).await;
        replica.says(&["CLUSTER", "REPLICATE", &first], "OK").await;
        replica.says(&["INFO", "replication"], "master_link_status:up").await;
        for node in &nodes {
            // Otherwise they would not vote for it.
            node.says(&["CLUSTER", "NODES"], &format!("slave {first}")).await;
        }
        Self { nodes, replica }
    }

    pub fn store(&self) -> RedisStore {
        // One of them tells of the others.
        RedisStore::cluster([&*self.nodes[1].url()]).unwrap()
    }
}

/// An address behind which there is one server after the other, as behind a name or a load balancer.
pub struct Address {
    port: u16,
    target: Arc<Mutex<u16>>,
    task: tokio::task::JoinHandle<()>,
}

impl Address {
    pub async fn of(redis: &Redis) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let target = Arc::new(Mutex::new(redis.port));
        let targets = Arc::clone(&target);
        let task = tokio::spawn(async move {
            loop {
                let (mut client, _) = listener.accept().await.unwrap();
                let target = *targets.lock().unwrap();
                tokio::spawn(async move {
                    if let Ok(mut server) = TcpStream::connect(("127.0.0.1", target)).await {
                        let _ = copy_bidirectional(&mut client, &mut server).await;
                    }
                });
            }
        });
        Self { port, target, task }
    }

    /// New connections go to this one from now on. Those that there are stay.
    pub fn becomes(&self, redis: &Redis) {
        *self.target.lock().unwrap() = redis.port;
    }

    pub fn store(&self) -> RedisStore {
        RedisStore::new(&format!("redis://127.0.0.1:{}/", self.port)).unwrap()
    }
}

impl Drop for Address {
    fn drop(&mut self) {
        self.task.abort();
    }
}
