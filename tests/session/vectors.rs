//! The frames, the escape and the conversations of tests/vectors/undrop.1.json, which an end in any language can be tested
//! with; docs/protocol.md says how to read them.

use std::collections::VecDeque;
use std::sync::LazyLock;

use serde_json::{Value, json};
use undrop::core::outbox::{Bounds, Fate};
use undrop::core::session::{End, Guest, Heard, Host, Output, Request, Session, Stored, Violation};
use undrop::core::wire::{self, Control, Token, Welcome};
use undrop::core::{Epoch, Millis};

static VECTORS: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../vectors/undrop.1.json")).unwrap());

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
        let mut stage = Stage::new();
        for (index, step) in list(&conversation["steps"]).iter().enumerate() {
            if let Err(wrong) = stage.step(step) {
                panic!("{name:?}, step {index}, {step}: {wrong}");
            }
        }
        assert_eq!(stage.told, VecDeque::new(), "{name:?}: more happened");
        assert_eq!(stage.given, VecDeque::new(), "{name:?}: more was said");
    }
}

/// Both ends, each with an owner that does the least.
struct Stage {
    now: Millis,
    guest: Session<Value, Guest>,
    host: Option<Session<Value, Host>>,
    /// The server has the session, and no host does.
    asleep: bool,
    token: Token,
    stored: Vec<(Value, u64)>,
    acknowledged: u64,
    taken: u64,
    /// What the ends gave to a line, and is still to be mentioned.
    given: VecDeque<Value>,
    /// What the owners were told, and is still to be mentioned.
    told: VecDeque<Value>,
}

impl Stage {
    fn new() -> Self {
        Self {
            now: Millis(0),
            guest: Session::<Value, Guest>::new(Bounds::default()),
            host: None,
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
            self.guest.handle_timeout(self.now);
            if let Some(host) = &mut self.host {
                host.handle_timeout(self.now);
            }
        } else if step.get("opens").is_some() {
            self.guest.handle_opened(line(step));
        } else if step.get("frame").is_some() {
            if step.get("forged").is_none() {
                expect(
                    &mut self.given,
                    &json!({ "line": step["line"], "from": step["from"], "frame": step["frame"] }),
                )?;
            }
            if step.get("lost").is_none() && step.get("late").is_none() {
                self.arrives(step, &step["frame"]);
            }
        } else if step.get("arrives").is_some() {
            self.arrives(step, &step["arrives"]);
        } else if let Some(ends) = step["lostBy"].as_array() {
            for end in ends {
                match (end.as_str(), &mut self.host) {
                    (Some("guest"), _) => self.guest.handle_lost(line(step)),
                    (_, Some(host)) => host.handle_lost(line(step)),
                    _ => {}
                }
            }
        } else if let Some(token) = step["token"].as_str() {
            self.token = Token(u128::from_str_radix(token, 16).unwrap());
        } else if let Some(message) = step.get("sends") {
            self.sends(is_guest(&step["end"]), message);
        } else if step.get("ends").is_some() {
            match (is_guest(&step["end"]), &mut self.host) {
                (true, _) => self.guest.end(),
                (false, Some(host)) => host.end(),
                _ => {}
            }
        } else if step.get("forgets").is_some() {
            self.host = None;
        } else if step.get("restarts").is_some() {
            self.host = None;
            self.asleep = true;
        } else {
            expect(&mut self.told, step)?;
        }
        self.drain();
        Ok(())
    }

    fn sends(&mut self, guest: bool, message: &Value) {
        if guest {
            self.guest.send(self.now, message.clone(), bytes(message), None).unwrap();
        } else if let Some(host) = &mut self.host {
            self.stored.push((message.clone(), bytes(message)));
            host.send(self.now, message.clone(), bytes(message), None).unwrap();
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
        if is_guest(&step["from"]) { self.host_hears(step, arrived) } else { self.guest_hears(step, arrived) }
    }

    fn guest_hears(&mut self, step: &Value, arrived: Result<Arrived, wire::Malformed>) {
        let heard = hear(&mut self.guest, self.now, line(step), arrived);
        self.note("guest", step, heard);
    }

    fn host_hears(&mut self, step: &Value, arrived: Result<Arrived, wire::Malformed>) {
        let line = line(step);
        if let Some(host) = self.host.as_mut().filter(|host| host.line() == Some(line)) {
            let heard = hear(host, self.now, line, arrived);
            self.acknowledged = host.acknowledged();
            self.taken = host.taken();
            return self.note("host", step, heard);
        }
        // What comes on a line that another has taken the place of is nobody's.
        if self.host.as_ref().and_then(Session::line).is_some_and(|current| current.0 > line.0) {
            return;
        }
        let request = match arrived {
            Ok(Arrived::Control(control)) => Request::try_from(control),
            Ok(Arrived::Message(_)) => Err(Violation::NoGreeting),
            Err(malformed) => Err(malformed.into()),
        };
        let accepted = request.and_then(|request| self.accept(line, request));
        if let Err(violation) = accepted {
            self.note("host", step, Err(violation));
        }
    }

    fn accept(&mut self, line: Epoch, request: Request) -> Result<(), Violation> {
        let welcome = Welcome { token: self.token, time_to_live: 60_000, spread: 5_000 };
        if let Request::Resume { token, received } = request
            && token == self.token
        {
            if std::mem::take(&mut self.asleep) {
                let messages = self.stored.iter().skip(self.acknowledged as usize).cloned();
                let stored = Stored { acknowledged: self.acknowledged, messages, taken: self.taken };
                self.host = Some(Session::<Value, Host>::restore(Bounds::default(), welcome, stored));
            }
            if let Some(host) = &mut self.host {
                if let Some(older) = host.handle_resume(self.now, line, received)? {
                    let taken_over = json!({ "end": "host", "line": older.0, "closes": 4000, "reason": "taken over" });
                    self.told.push_back(taken_over);
                }
                return Ok(());
            }
        }
        self.host = Some(Session::<Value, Host>::new(Bounds::default(), welcome, line));
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
                let line = &step["line"];
                json!({ "end": end, "line": line, "closes": Violation::CODE, "reason": violation.reason() })
            }
        };
        self.told.push_back(told);
    }

    fn drain(&mut self) {
        drain("guest", &mut self.guest, &mut self.given, &mut self.told);
        if let Some(host) = &mut self.host {
            drain("host", host, &mut self.given, &mut self.told);
        }
    }
}

enum Arrived {
    Message(Value),
    Control(Control),
}

fn hear<E: End>(
    session: &mut Session<Value, E>,
    now: Millis,
    line: Epoch,
    arrived: Result<Arrived, wire::Malformed>,
) -> Result<Option<Value>, Violation> {
    match arrived {
        Err(malformed) => {
            session.break_off();
            Err(malformed.into())
        }
        Ok(Arrived::Message(message)) => {
            let Some(number) = session.handle_message(line, bytes(&message))? else { return Ok(None) };
            session.take(now, number);
            Ok(Some(json!({ "receives": message, "number": number })))
        }
        Ok(Arrived::Control(control)) => {
            let before = session.delivered();
            Ok(match session.handle_control(now, line, control)? {
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

fn drain<E: End>(end: &str, session: &mut Session<Value, E>, given: &mut VecDeque<Value>, told: &mut VecDeque<Value>) {
    while let Some(output) = session.poll() {
        match output {
            Output::Transmit(line, message) => {
                let frame = message.as_str().map_or(message.clone(), |text| wire::escape(text).into());
                given.push_back(json!({ "line": line.0, "from": end, "frame": frame }));
            }
            Output::Control(line, control) => {
                given.push_back(json!({ "line": line.0, "from": end, "frame": control.to_text() }));
            }
            Output::Return(returned) => {
                let fate = match returned.fate {
                    Fate::Expired => "expired",
                    Fate::Withdrawn => "withdrawn",
                    Fate::Unsent => "unsent",
                    Fate::Lost => "lost",
                };
                told.push_back(json!({ "end": end, "returns": returned.message, "as": fate }));
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

fn line(step: &Value) -> Epoch {
    Epoch(step["line"].as_u64().unwrap() as u32)
}

fn is_guest(end: &Value) -> bool {
    end == "guest"
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
