//! The program: its first line, its orders and answers, its end.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::io::{BufRead as _, BufReader, ErrorKind, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use common::{end, pass, receives_nothing};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};

struct Program {
    process: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    server: TcpListener,
    address: String,
}

impl Program {
    async fn start(more: &[&str]) -> Self {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let to = server.local_addr().unwrap().to_string();
        let mut process = Command::new(env!("CARGO_BIN_EXE_undrop-fault-proxy"))
            .args(["--to", &to])
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (stdin, stdout) = (process.stdin.take().unwrap(), BufReader::new(process.stdout.take().unwrap()));
        let mut program = Self { process, stdin, stdout, server, address: String::new() };
        program.address = program.hear().strip_prefix("listening ").unwrap().to_owned();
        program
    }

    fn say(&mut self, text: &str) {
        writeln!(self.stdin, "{text}").unwrap();
    }

    fn hear(&mut self) -> String {
        let mut text = String::new();
        self.stdout.read_line(&mut text).unwrap();
        text.trim_end().to_owned()
    }

    fn ask(&mut self, text: &str) -> String {
        self.say(text);
        self.hear()
    }

    async fn connection(&self) -> (TcpStream, TcpStream) {
        let mut near = TcpStream::connect(&self.address).await.unwrap();
        let mut far = self.server.accept().await.unwrap().0;
        pass(&mut near, &mut far).await;
        (near, far)
    }
}

#[tokio::test]
async fn each_order_is_answered_with_its_number_and_holds_from_then_on() {
    let mut program = Program::start(&[]).await;
    assert_eq!(program.ask("1 connections"), "1 ok []");
    let (mut near, mut far) = program.connection().await;
    let connections = r#"[{"down":{"passed":0,"taken":0},"id":1,"up":{"passed":1,"taken":1}}]"#;
    assert_eq!(program.ask("two connections"), format!("two ok {connections}"));
    assert_eq!(program.ask("3 hole up on live"), "3 ok 1");
    near.try_write(b"x").unwrap();
    pass(&mut far, &mut near).await;
    receives_nothing(&far);
    assert_eq!(program.ask("4 hole up off"), "4 ok 1");
    assert_eq!(program.ask("5 reset"), "5 ok 1");
    assert_eq!(end(&mut near).await, Some(ErrorKind::ConnectionReset));

    assert_eq!(program.ask("6 refuse"), "6 ok null");
    assert_eq!(TcpStream::connect(&program.address).await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
    assert_eq!(program.ask("7 listen"), "7 ok null");
    let (_far, _near) = program.connection().await;
    assert_eq!(program.ask("8 fin"), "8 ok 1");
}

#[tokio::test]
async fn an_unknown_order_is_named_and_changes_nothing() {
    let mut program = Program::start(&[]).await;
    assert_eq!(program.ask("1 explode"), r#"1 error no such order: "explode""#);
    assert_eq!(program.ask("2"), r#"2 error no such order: """#);
    assert_eq!(program.ask("3 calm"), "3 error there is no chaos");
    program.connection().await;
}

#[tokio::test]
async fn a_chaos_is_counted_and_others_may_order_meanwhile() {
    let mut program = Program::start(&["--seed", "18446744073709551615"]).await;
    program.say("1 chaos 1000 1");
    assert_eq!(program.ask("2 chaos 1000"), "2 error there is a chaos already");
    // Until it has cut a connection.
    end(&mut TcpStream::connect(&program.address).await.unwrap()).await;
    program.say("3 calm");
    let (chaos, calm) = (program.hear(), program.hear());
    assert_eq!(calm, "3 ok null");
    let report: Value = serde_json::from_str(chaos.strip_prefix("1 ok ").unwrap()).unwrap();
    assert_eq!(report["seed"], json!("18446744073709551615"));
    let connections: u64 =
        report["faults"].as_object().unwrap().values().map(|count| count["connections"].as_u64().unwrap()).sum();
    assert!(connections >= 1, "{report}");

    program.say("4 chaos 0");
    assert!(program.hear().starts_with("4 ok "));
}

#[tokio::test]
async fn it_ends_with_its_input() {
    let mut program = Program::start(&[]).await;
    let (mut near, _far) = program.connection().await;
    drop(program.stdin);
    assert!(program.process.wait().unwrap().success());
    end(&mut near).await;
}

#[test]
fn a_wrong_command_line_is_named() {
    for (arguments, named) in [
        (&[][..], "--to is missing"),
        (&["--to", "nowhere"], "--to nowhere"),
        (&["--to", "127.0.0.1:1", "--port", "x"], "--port x"),
        (&["--to"], "--to needs a value"),
        (&["--why", "x"], "--why"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_undrop-fault-proxy")).args(arguments).output().unwrap();
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(complaint.contains(named) && complaint.contains("usage:"), "{complaint}");
    }
}
