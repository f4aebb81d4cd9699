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
use undrop_fault_proxy::{Both, Glance, Lines, Proxy};

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
        let to = to.ok_or("--to is missing: the server to lead to")?;
        Ok(Self { to, port, seed: seed.unwrap_or_else(|| RandomState::new().hash_one(())) })
    }
}

async fn serve(Arguments { to, port, seed }: Arguments) -> std::io::Result<()> {
    let mut commander = Commander { proxy: Proxy::start(to, port).await?, seed, raging: None };
    say(&format!("listening {}", commander.proxy.address()));
    let mut orders = BufReader::new(tokio::io::stdin()).lines();
    while let Some(order) = orders.next_line().await? {
        commander.take(&order).await;
    }
    Ok(())
}

struct Commander {
    proxy: Proxy,
    seed: u64,
    raging: Option<(JoinHandle<()>, Arc<Notify>)>,
}

impl Commander {
    async fn take(&mut self, text: &str) {
        let (number, order) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
        match Order::parse(order) {
            // It answers when it is over, and other orders go on.
            Ok(Order::Chaos { lasts, every, longest }) if !self.rages() => {
                self.rage(number, lasts, Plan::new(self.seed, every, longest));
            }
            Ok(order) => answer(number, self.obey(order).await),
            Err(why) => answer(number, Err(why)),
        }
    }

    async fn obey(&mut self, order: Order) -> Result<Value, String> {
        let lines = self.proxy.lines();
        match order {
            Order::Cut(cut) => return Ok(lines.cut(cut).await.into()),
            Order::Change(scope, change) => return Ok(lines.change(scope, change).into()),
            Order::Lines => return Ok(lines.list().into_iter().map(shown).collect()),
            Order::Listen => self.proxy.listen().await.map_err(|error| self.cannot_listen(&error))?,
            Order::Hang => self.proxy.hang().await.map_err(|error| self.cannot_listen(&error))?,
            Order::Refuse => self.proxy.refuse().await,
            Order::Chaos { .. } => return Err("there is a chaos already".into()),
            Order::Calm => {
                let Some((raging, end)) = self.raging.take() else { return Err("there is no chaos".into()) };
                end.notify_one();
                // It has answered by then.
                let _ = raging.await;
            }
        }
        Ok(Value::Null)
    }

    fn cannot_listen(&self, error: &std::io::Error) -> String {
        format!("cannot listen on {}: {error}", self.proxy.address())
    }

    fn rages(&self) -> bool {
        self.raging.as_ref().is_some_and(|(raging, _)| !raging.is_finished())
    }

    fn rage(&mut self, number: &str, lasts: Duration, plan: Plan) {
        let (number, lines, seed) = (number.to_owned(), self.proxy.lines().clone(), self.seed);
        let end = Arc::new(Notify::new());
        let calm = end.clone();
        let raging = tokio::spawn(async move { answer(&number, Ok(rage(&lines, seed, lasts, plan, &calm).await)) });
        self.raging = Some((raging, end));
    }
}

async fn rage(lines: &Lines, seed: u64, lasts: Duration, plan: Plan, calm: &Notify) -> Value {
    let end = async {
        tokio::select! {
            () = sleep(lasts) => {}
            () = calm.notified() => {}
        }
    };
    let counts = chaos(lines, plan, end).await;
    let kinds: Map<_, _> = counts
        .into_iter()
        .map(|(kind, count)| (kind.to_owned(), json!({ "times": count.times, "lines": count.lines })))
        .collect();
    // As text: JavaScript's numbers end before a seed does.
    json!({ "seed": seed.to_string(), "faults": kinds })
}

fn shown((id, ways): (u64, Both<Glance>)) -> Value {
    let way = |glance: Glance| json!({ "taken": glance.taken, "passed": glance.passed });
    json!({ "id": id, "up": way(ways.up), "down": way(ways.down) })
}

fn answer(number: &str, answer: Result<Value, String>) {
    say(&match answer {
        Ok(value) => format!("{number} ok {value}"),
        Err(why) => format!("{number} error {why}"),
    });
}

/// A line to who gave the orders. When nobody reads any more nobody orders either, and the program ends for that.
fn say(line: &str) {
    let mut stdout = std::io::stdout().lock();
    let _ = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
}
