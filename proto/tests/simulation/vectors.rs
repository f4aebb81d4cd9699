//! The frames, the escape and the conversations of vectors/undrop.1.json, which an end in any language can be tested
//! with; docs/protocol.md says how to read them.

use std::collections::{BTreeSet, VecDeque};
use std::sync::LazyLock;

use serde_json::{Value, json};
use undrop_proto::outbox::Bounds;
use undrop_proto::session::{Client, Heard, NotResumed, Output, Request, Role, Server, Session, Stored, Violation};
use undrop_proto::wire::Known;
use undrop_proto::wire::{self, Control, Terms, Token, Welcome};
use undrop_proto::{Attempt, Millis, Outcome, SendError, Settled};

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
    /// The sessions of the server, in the order in which they began.
    sessions: Vec<Session<Value, Server>>,
    /// The connections on which there was a session.
    answered: BTreeSet<u32>,
    /// The token of the next session.
    token: Token,
    terms: Terms,
    /// What the store has of the session that began last.
    stored: StoredSession,
    /// What the ends gave to a connection, and is still to be mentioned.
    given: VecDeque<Value>,
    /// What the owners were told, and is still to be mentioned.
    told: VecDeque<Value>,
}

#[derive(Default)]
struct StoredSession {
    /// No server has the session.
    asleep: Option<Token>,
    sent: Vec<(Value, u64)>,
    acknowledged: u64,
    taken: u64,
    /// The connections that the session was resumed on.
    resumed: Vec<u32>,
}

impl Both {
    fn new() -> Self {
        Self {
            now: Millis(0),
            client: Session::<Value, Client>::new(Bounds::default()),
            sessions: Vec::new(),
            answered: BTreeSet::new(),
            token: Token(0),
            terms: Terms { spread: 5_000, largest: 1 << 20 },
            stored: StoredSession::default(),
            given: VecDeque::new(),
            told: VecDeque::new(),
        }
    }

    fn step(&mut self, step: &Value) -> Result<(), String> {
        if let Some(at) = step["at"].as_u64() {
            self.now = Millis(at);
            self.client.handle_timeout(self.now);
            for session in &mut self.sessions {
                session.handle_timeout(self.now);
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
            if step.get("together").is_some() {
                // The next frame is there before this end has a turn.
                return Ok(());
            }
        } else if step.get("arrives").is_some() {
            self.arrives(step, &step["arrives"]);
        } else if let Some(ends) = step["lostBy"].as_array() {
            for end in ends {
                if is_client(end) {
                    self.client.handle_lost(attempt(step));
                } else {
                    self.sessions.iter_mut().for_each(|session| session.handle_lost(attempt(step)));
                }
            }
        } else if let Some(token) = step["token"].as_str() {
            self.token = Token(u128::from_str_radix(token, 16).unwrap());
        } else if let Some(terms) = step.get("terms") {
            let span = |name: &str| terms[name].as_u64().unwrap() as u32;
            self.terms = Terms { spread: span("spread"), largest: span("largest") };
        } else if let Some(message) = step.get("sends") {
            self.sends(is_client(&step["end"]), message);
        } else if let Some(message) = step.get("refuses") {
            let refused = self.client.send(self.now, message.clone(), bytes(message), None);
            if !matches!(refused, Err(SendError::TooLarge { .. })) {
                return Err(format!("it was not refused: {refused:?}"));
            }
        } else if step.get("ends").is_some() {
            match (is_client(&step["end"]), self.sessions.last_mut()) {
                (true, _) => self.client.end(),
                (false, Some(session)) => session.end(),
                _ => {}
            }
        } else if step.get("forgets").is_some() {
            self.sessions.clear();
        } else if step.get("restarts").is_some() {
            self.stored.asleep = self.sessions.last().map(|session| session.token());
            self.sessions.clear();
            let lost = |name: &str| step["loses"][name].as_u64().unwrap_or_default();
            self.stored.taken -= lost("taken");
            self.stored.sent.truncate(self.stored.sent.len() - lost("sent") as usize);
            self.stored.resumed.truncate(self.stored.resumed.len() - lost("resumes") as usize);
        } else {
            expect(&mut self.told, step)?;
        }
        self.drain();
        Ok(())
    }

    fn sends(&mut self, client: bool, message: &Value) {
        if client {
            self.client.send(self.now, message.clone(), bytes(message), None).unwrap();
        } else if let Some(session) = self.sessions.last_mut() {
            self.stored.sent.push((message.clone(), bytes(message)));
            session.send(self.now, message.clone(), bytes(message), None).unwrap();
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
        let last = self.sessions.len().saturating_sub(1);
        if let Some(index) = self.sessions.iter().position(|session| session.attempt() == Some(attempt)) {
            let session = &mut self.sessions[index];
            let heard = hear(session, self.now, attempt, arrived);
            if index == last {
                self.stored.acknowledged = session.acknowledged();
                self.stored.taken = session.taken();
            }
            return self.note("server", step, heard);
        }
        // What comes on a connection that another has taken the place of is nobody's.
        if self.answered.contains(&attempt.0) {
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
        let refused = match request {
            Request::New => None,
            Request::Resume { token, known } => match self.resume(attempt, token, known) {
                Ok(()) => {
                    self.answered.insert(attempt.0);
                    return Ok(());
                }
                Err(NotResumed::Late) => {
                    self.answered.insert(attempt.0);
                    self.told.push_back(taken_over(attempt));
                    return Ok(());
                }
                Err(NotResumed::Past) => return Err(Violation::ResumeOfThePast),
                Err(why) => Some(why),
            },
        };
        self.answered.insert(attempt.0);
        self.stored = StoredSession::default();
        let welcome = Welcome { lost: refused == Some(NotResumed::Lost), ..self.welcome(self.token) };
        self.sessions.push(match refused {
            None => Session::<Value, Server>::new(Bounds::default(), welcome, attempt),
            Some(_) => Session::<Value, Server>::instead(Bounds::default(), welcome, attempt),
        });
        Ok(())
    }

    fn resume(&mut self, attempt: Attempt, token: Token, known: Known) -> Result<(), NotResumed> {
        if let Some(session) = self.sessions.iter_mut().find(|session| session.token() == token) {
            if let Some(older) = session.handle_resume(self.now, attempt, known, self.terms)? {
                self.told.push_back(taken_over(older));
            }
            self.stored.resumed.push(known.attempt);
            return Ok(());
        }
        if self.stored.asleep != Some(token) {
            return Err(NotResumed::Over);
        }
        let StoredSession { sent, acknowledged, taken, resumed, .. } = &self.stored;
        let messages = sent.iter().skip(*acknowledged as usize).cloned();
        let last = resumed.last().copied().unwrap_or_default();
        let stored = Stored { acknowledged: *acknowledged, messages, taken: *taken, attempt: last };
        let mut session = Session::<Value, Server>::restore(Bounds::default(), self.welcome(token), stored);
        session.handle_resume(self.now, attempt, known, self.terms)?;
        self.stored.resumed.push(known.attempt);
        self.stored.asleep = None;
        self.sessions.push(session);
        Ok(())
    }

    fn welcome(&self, token: Token) -> Welcome {
        Welcome { token, time_to_live: 60_000, terms: self.terms, lost: false }
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
        for session in &mut self.sessions {
            drain("server", session, &mut self.given, &mut self.told);
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
                Heard::Opened(None) => Some(json!({ "hears": "opened" })),
                Heard::Opened(Some(reason)) => Some(json!({ "hears": { "reset": reason.name() } })),
                Heard::Lost => Some(json!({ "connection": attempt.0, "leaves": true })),
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
        Control::Resume { token, known: Known { received, acknowledged, attempt, answered, .. } } => json!({
            "name": "resume", "token": hex(token), "received": received, "acknowledged": acknowledged,
            "attempt": attempt, "answered": answered,
        }),
        Control::Welcome(Welcome { token, time_to_live, terms: Terms { spread, largest }, lost }) => json!({
            "name": "welcome", "token": hex(token), "timeToLive": time_to_live, "spread": spread, "largest": largest,
            "lost": lost,
        }),
        Control::Resumed { received, terms: Terms { spread, largest } } => {
            json!({ "name": "resumed", "received": received, "spread": spread, "largest": largest })
        }
        Control::Ack { received } => json!({ "name": "ack", "received": received }),
        Control::Ping(number) => json!({ "name": "ping", "number": number }),
        Control::Pong(number) => json!({ "name": "pong", "number": number }),
        Control::End => json!({ "name": "end" }),
    }
}

fn taken_over(connection: Attempt) -> Value {
    json!({ "end": "server", "connection": connection.0, "closes": 4000, "reason": "taken over" })
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
