//! The proxy as a program: it listens on 127.0.0.1 alone, says where in its first line of output, takes orders on its
//! standard input and ends when that is closed: a test runner that dies takes it along.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::io::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use undrop_fault_proxy::chaos::{Plan, chaos};
use undrop_fault_proxy::order::{HELP, Order};
use undrop_fault_proxy::{Both, Connections, Proxy, Traffic};

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = match Arguments::parse(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(complaint) => {
            eprintln!(
                "{complaint}\nusage: undrop-fault-proxy --to ADDRESS:PORT [--port N] [--seed N]   \
                 (0 or nothing: any free port, any seed)\n\n{HELP}"
            );
            return ExitCode::from(2);
        }
    };
    match serve(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot listen on 127.0.0.1:{}: {error}", arguments.port);
            ExitCode::FAILURE
        }
    }
}

#[derive(Clone, Copy)]
struct Arguments {
    to: SocketAddr,
    port: u16,
    seed: u64,
}

impl Arguments {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let (mut to, mut port, mut seed) = (None, 0, None);
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
            let wrong = || format!("{name} {value}: not what it should be");
            match name.as_str() {
                "--to" => to = Some(value.parse().map_err(|_| wrong())?),
                "--port" => port = value.parse().map_err(|_| wrong())?,
                "--seed" => seed = Some(value.parse().map_err(|_| wrong())?),
                _ => return Err(format!("unknown argument {name:?}")),
            }
        }
        let to = to.ok_or("--to is missing: the server to forward to")?;
        Ok(Self { to, port, seed: seed.unwrap_or_else(|| RandomState::new().hash_one(())) })
    }
}

async fn serve(Arguments { to, port, seed }: Arguments) -> std::io::Result<()> {
    let mut controller = Controller { proxy: Proxy::start(to, port).await?, seed, running: None };
    say(&format!("listening {}", controller.proxy.address()));
    let mut orders = BufReader::new(tokio::io::stdin()).lines();
    while let Some(order) = orders.next_line().await? {
        controller.take(&order).await;
    }
    Ok(())
}

struct Controller {
    proxy: Proxy,
    seed: u64,
    running: Option<(JoinHandle<()>, Arc<Notify>)>,
}

impl Controller {
    async fn take(&mut self, text: &str) {
        let (number, order) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
        match Order::parse(order) {
            // It answers when it is over, and other orders go on.
            Ok(Order::Chaos { lasts, every, longest }) if !self.has_chaos() => {
                self.run_chaos(number, lasts, Plan::new(self.seed, every, longest));
            }
            Ok(order) => answer(number, self.obey(order).await),
            Err(why) => answer(number, Err(why)),
        }
    }

    async fn obey(&mut self, order: Order) -> Result<Value, String> {
        let connections = self.proxy.connections();
        match order {
            Order::Cut(cut) => return Ok(connections.cut(cut).await.into()),
            Order::Change(scope, change) => return Ok(connections.change(scope, change).into()),
            Order::Connections => return Ok(connections.list().into_iter().map(shown).collect()),
            Order::Listen => self.proxy.listen().await.map_err(|error| self.cannot_listen(&error))?,
            Order::Hang => self.proxy.hang().await.map_err(|error| self.cannot_listen(&error))?,
            Order::Refuse => self.proxy.refuse().await,
            Order::Chaos { .. } => return Err("there is a chaos already".into()),
            Order::Calm => {
                let Some((running, end)) = self.running.take() else { return Err("there is no chaos".into()) };
                end.notify_one();
                // It has answered by then.
                let _ = running.await;
            }
        }
        Ok(Value::Null)
    }

    fn cannot_listen(&self, error: &std::io::Error) -> String {
        format!("cannot listen on {}: {error}", self.proxy.address())
    }

    fn has_chaos(&self) -> bool {
        self.running.as_ref().is_some_and(|(running, _)| !running.is_finished())
    }

    fn run_chaos(&mut self, number: &str, lasts: Duration, plan: Plan) {
        let (number, connections, seed) = (number.to_owned(), self.proxy.connections().clone(), self.seed);
        let end = Arc::new(Notify::new());
        let calm = end.clone();
        let running =
            tokio::spawn(async move { answer(&number, Ok(run_chaos(&connections, seed, lasts, plan, &calm).await)) });
        self.running = Some((running, end));
    }
}

async fn run_chaos(connections: &Connections, seed: u64, lasts: Duration, plan: Plan, calm: &Notify) -> Value {
    let end = async {
        tokio::select! {
            () = sleep(lasts) => {}
            () = calm.notified() => {}
        }
    };
    let counts = chaos(connections, plan, end).await;
    let kinds: Map<_, _> = counts
        .into_iter()
        .map(|(kind, count)| (kind.to_owned(), json!({ "times": count.times, "connections": count.connections })))
        .collect();
    // As text: JavaScript's numbers end before a seed does.
    json!({ "seed": seed.to_string(), "faults": kinds })
}

fn shown((id, directions): (u64, Both<Traffic>)) -> Value {
    let direction = |traffic: Traffic| json!({ "taken": traffic.taken, "passed": traffic.passed });
    json!({ "id": id, "up": direction(directions.up), "down": direction(directions.down) })
}

fn answer(number: &str, answer: Result<Value, String>) {
    say(&match answer {
        Ok(value) => format!("{number} ok {value}"),
        Err(why) => format!("{number} error {why}"),
    });
}

/// Prints a line to the sender of the orders. Errors are ignored: when the reader is gone, standard input ends too, and the program with it.
fn say(text: &str) {
    let mut stdout = std::io::stdout().lock();
    let _ = writeln!(stdout, "{text}").and_then(|()| stdout.flush());
}
