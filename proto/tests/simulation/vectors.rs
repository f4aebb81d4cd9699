//! The frames, the escape and the conversations of vectors/undrop.1.json, which an end in any language can be tested
//! with; docs/protocol.md says how to read them.

use std::collections::VecDeque;
use std::sync::LazyLock;

use serde_json::{Value, json};
use undrop_proto::outbox::Bounds;
use undrop_proto::session::{Client, Heard, Output, Request, Role, Server, Session, Stored, Violation};
use undrop_proto::wire::{self, Control, Token, Welcome};
use undrop_proto::{Attempt, Millis, Outcome, Settled};

static VECTORS: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../vectors/undrop.1.json")).unwrap());

#[test]
fn each_valid_frame_is_read_and_written_as_it_stands() {
    for vector in list(&VECTORS["frames"]["valid"]) {
        let frame = text(&vector["frame"]);
        let control = Control::decode(frame.bytes()).unwrap_or_else(|malformed| panic!("{frame:?}: {malformed:?}"));
        assert_eq!(meaning(control), vector["means"], "{frame:?}");
        assert_eq!(Control::decode(frame.encode_utf16()), Ok(control), "{frame:?}");
        assert_eq!(control.to_text(), frame);
        assert!(frame.len() <= Control::LONGEST);
    }
}

#[test]
fn each_invalid_frame_is_refused_with_its_reason() {
    for vector in list(&VECTORS["frames"]["invalid"]) {
        let frame = text(&vector["frame"]);
        let reasons = [Control::decode(frame.bytes()), Control::decode(frame.encode_utf16())];
        for reason in reasons.map(|read| read.map_err(|malformed| malformed.reason())) {
            assert_eq!(reason, Err(text(&vector["reason"])), "{frame:?}");
        }
    }
}

#[test]
fn each_text_is_escaped_and_comes_back() {
    for vector in list(&VECTORS["escaping"]) {
        assert_eq!(wire::escape(text(&vector["text"])), text(&vector["frame"]));
        assert_eq!(wire::unescape(text(&vector["frame"])), Some(text(&vector["text"])));
    }
}

#[test]
fn each_conversation_goes_as_it_is_written() {
    for conversation in list(&VECTORS["conversations"]) {
        let name = text(&conversation["name"]);
        let mut both = Both::new();
        for (index, step) in list(&conversation["steps"]).iter().enumerate() {
            if let Err(wrong) = both.step(step) {
                panic!("{name:?}, step {index}, {step}: {wrong}");
            }
        }
        assert_eq!(both.told, VecDeque::new(), "{name:?}: more happened");
        assert_eq!(both.given, VecDeque::new(), "{name:?}: more was said");
    }
}

/// Both ends, each with an owner that does the least.
struct Both {
    now: Millis,
    client: Session<Value, Client>,
    server: Option<Session<Value, Server>>,
    /// The server has the session, and no server does.
    asleep: bool,
    token: Token,
    stored: Vec<(Value, u64)>,
    acknowledged: u64,
    taken: u64,
    /// What the ends gave to a connection, and is still to be mentioned.
    given: VecDeque<Value>,
    /// What the owners were told, and is still to be mentioned.
    told: VecDeque<Value>,
}

impl Both {
    fn new() -> Self {
        Self {
            now: Millis(0),
            client: Session::<Value, Client>::new(Bounds::default()),
            server: None,
            asleep: false,
            token: Token(0),
            stored: Vec::new(),
            acknowledged: 0,
            taken: 0,
            given: VecDeque::new(),
            told: VecDeque::new(),
        }
    }

    fn step(&mut self, step: &Value) -> Result<(), String> {
        if let Some(at) = step["at"].as_u64() {
            self.now = Millis(at);
            self.client.handle_timeout(self.now);
            if let Some(server) = &mut self.server {
                server.handle_timeout(self.now);
            }
        } else if step.get("opens").is_some() {
            self.client.handle_opened(attempt(step));
        } else if step.get("frame").is_some() {
            if step.get("forged").is_none() {
                expect(
                    &mut self.given,
                    &json!({ "connection": step["connection"], "from": step["from"], "frame": step["frame"] }),
                )?;
            }
            if step.get("lost").is_none() && step.get("late").is_none() {
                self.arrives(step, &step["frame"]);
            }
        } else if step.get("arrives").is_some() {
            self.arrives(step, &step["arrives"]);
        } else if let Some(ends) = step["lostBy"].as_array() {
            for end in ends {
                match (end.as_str(), &mut self.server) {
                    (Some("client"), _) => self.client.handle_lost(attempt(step)),
                    (_, Some(server)) => server.handle_lost(attempt(step)),
                    _ => {}
                }
            }
        } else if let Some(token) = step["token"].as_str() {
            self.token = Token(u128::from_str_radix(token, 16).unwrap());
        } else if let Some(message) = step.get("sends") {
            self.sends(is_client(&step["end"]), message);
        } else if step.get("ends").is_some() {
            match (is_client(&step["end"]), &mut self.server) {
                (true, _) => self.client.end(),
                (false, Some(server)) => server.end(),
                _ => {}
            }
        } else if step.get("forgets").is_some() {
            self.server = None;
        } else if step.get("restarts").is_some() {
            self.server = None;
            self.asleep = true;
        } else {
            expect(&mut self.told, step)?;
        }
        self.drain();
        Ok(())
    }

    fn sends(&mut self, client: bool, message: &Value) {
        if client {
            self.client.send(self.now, message.clone(), bytes(message), None).unwrap();
        } else if let Some(server) = &mut self.server {
            self.stored.push((message.clone(), bytes(message)));
            server.send(self.now, message.clone(), bytes(message), None).unwrap();
        }
    }

    fn arrives(&mut self, step: &Value, frame: &Value) {
        let message = match frame.as_str() {
            None => Some(frame.clone()),
            Some(text) => wire::unescape(text).map(Value::from),
        };
        let arrived = match message {
            Some(message) => Ok(Arrived::Message(message)),
            None => Control::decode(text(frame).bytes()).map(Arrived::Control),
        };
        if is_client(&step["from"]) { self.server_hears(step, arrived) } else { self.client_hears(step, arrived) }
    }

    fn client_hears(&mut self, step: &Value, arrived: Result<Arrived, wire::Malformed>) {
        let heard = hear(&mut self.client, self.now, attempt(step), arrived);
        self.note("client", step, heard);
    }

    fn server_hears(&mut self, step: &Value, arrived: Result<Arrived, wire::Malformed>) {
        let attempt = attempt(step);
        if let Some(server) = self.server.as_mut().filter(|server| server.attempt() == Some(attempt)) {
            let heard = hear(server, self.now, attempt, arrived);
            self.acknowledged = server.acknowledged();
            self.taken = server.taken();
            return self.note("server", step, heard);
        }
        // What comes on a connection that another has taken the place of is nobody's.
        if self.server.as_ref().and_then(Session::attempt).is_some_and(|current| current.0 > attempt.0) {
            return;
        }
        let request = match arrived {
            Ok(Arrived::Control(control)) => Request::try_from(control),
            Ok(Arrived::Message(_)) => Err(Violation::NoGreeting),
            Err(malformed) => Err(malformed.into()),
        };
        let accepted = request.and_then(|request| self.accept(attempt, request));
        if let Err(violation) = accepted {
            self.note("server", step, Err(violation));
        }
    }

    fn accept(&mut self, attempt: Attempt, request: Request) -> Result<(), Violation> {
        let welcome = Welcome { token: self.token, time_to_live: 60_000, spread: 5_000 };
        if let Request::Resume { token, received } = request
            && token == self.token
        {
            if std::mem::take(&mut self.asleep) {
                let messages = self.stored.iter().skip(self.acknowledged as usize).cloned();
                let stored = Stored { acknowledged: self.acknowledged, messages, taken: self.taken };
                self.server = Some(Session::<Value, Server>::restore(Bounds::default(), welcome, stored));
            }
            if let Some(server) = &mut self.server {
                if let Some(older) = server.handle_resume(self.now, attempt, received)? {
                    let taken_over =
                        json!({ "end": "server", "connection": older.0, "closes": 4000, "reason": "taken over" });
                    self.told.push_back(taken_over);
                }
                return Ok(());
            }
        }
        self.server = Some(Session::<Value, Server>::new(Bounds::default(), welcome, attempt));
        Ok(())
    }

    fn note(&mut self, end: &str, step: &Value, heard: Result<Option<Value>, Violation>) {
        let told = match heard {
            Ok(Some(mut told)) => {
                told["end"] = end.into();
                told
            }
            Ok(None) => return,
            Err(violation) => {
                let attempt = &step["connection"];
                json!({ "end": end, "connection": attempt, "closes": Violation::CODE, "reason": violation.reason() })
            }
        };
        self.told.push_back(told);
    }

    fn drain(&mut self) {
        drain("client", &mut self.client, &mut self.given, &mut self.told);
        if let Some(server) = &mut self.server {
            drain("server", server, &mut self.given, &mut self.told);
        }
    }
}

enum Arrived {
    Message(Value),
    Control(Control),
}

fn hear<E: Role>(
    session: &mut Session<Value, E>,
    now: Millis,
    attempt: Attempt,
    arrived: Result<Arrived, wire::Malformed>,
) -> Result<Option<Value>, Violation> {
    match arrived {
        Err(malformed) => {
            session.break_off();
            Err(malformed.into())
        }
        Ok(Arrived::Message(message)) => {
            let Some(number) = session.handle_message(attempt, bytes(&message))? else { return Ok(None) };
            session.take(now, number);
            Ok(Some(json!({ "receives": message, "number": number })))
        }
        Ok(Arrived::Control(control)) => {
            let before = session.delivered();
            Ok(match session.handle_control(now, attempt, control)? {
                Heard::Nothing => None,
                Heard::Opened => Some(json!({ "hears": "opened" })),
                Heard::Resumed => Some(json!({ "hears": "resumed" })),
                Heard::Acknowledged => (session.delivered() > before).then(|| json!({ "hears": "acknowledged" })),
                Heard::Pong(number) => Some(json!({ "hears": { "pong": number } })),
                Heard::Ended => Some(json!({ "hears": "ended" })),
            })
        }
    }
}

fn drain<E: Role>(end: &str, session: &mut Session<Value, E>, given: &mut VecDeque<Value>, told: &mut VecDeque<Value>) {
    while let Some(output) = session.poll() {
        match output {
            Output::Transmit(attempt, message) => {
                let frame = message.as_str().map_or(message.clone(), |text| wire::escape(text).into());
                given.push_back(json!({ "connection": attempt.0, "from": end, "frame": frame }));
            }
            Output::Control(attempt, control) => {
                given.push_back(json!({ "connection": attempt.0, "from": end, "frame": control.to_text() }));
            }
            // The conversations say when an end hears that messages were acknowledged, and not which.
            Output::Settle(Settled { outcome: Outcome::Delivered, .. }) => {}
            Output::Settle(Settled { message, outcome, .. }) => {
                told.push_back(json!({ "end": end, "returns": message, "as": outcome.name() }));
            }
        }
    }
}

/// The first of them is this, or something is wrong. What the two ends say has no order between them.
fn expect(happened: &mut VecDeque<Value>, expected: &Value) -> Result<(), String> {
    let of_same = |value: &Value| value["from"] == expected["from"] && value["end"] == expected["end"];
    match happened.iter().position(of_same).and_then(|index| happened.remove(index)) {
        Some(first) if first == *expected => Ok(()),
        first => Err(format!("there was {first:?}")),
    }
}

fn meaning(control: Control) -> Value {
    let hex = |Token(token): Token| format!("{token:032x}");
    match control {
        Control::New => json!({ "name": "new" }),
        Control::Resume { token, received } => json!({ "name": "resume", "token": hex(token), "received": received }),
        Control::Welcome(Welcome { token, time_to_live, spread }) => {
            json!({ "name": "welcome", "token": hex(token), "timeToLive": time_to_live, "spread": spread })
        }
        Control::Resumed { received } => json!({ "name": "resumed", "received": received }),
        Control::Ack { received } => json!({ "name": "ack", "received": received }),
        Control::Ping(number) => json!({ "name": "ping", "number": number }),
        Control::Pong(number) => json!({ "name": "pong", "number": number }),
        Control::End => json!({ "name": "end" }),
    }
}

fn attempt(step: &Value) -> Attempt {
    Attempt(step["connection"].as_u64().unwrap() as u32)
}

fn is_client(end: &Value) -> bool {
    end == "client"
}

fn bytes(message: &Value) -> u64 {
    message.as_str().or(message["binary"].as_str()).map_or(0, str::len) as u64
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap()
}
