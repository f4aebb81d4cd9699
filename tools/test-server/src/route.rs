//! The routes: what a URL asks this server to do, parsed once, here.

use crate::connection::MAX_MESSAGE;
use crate::frames::BadFrame;
use crate::head::Head;
use crate::session::SessionOptions;

const HELP: &str = "\
The routes of the undrop test server. Every one takes id=X (counted apart, see /stats), and those that
answer the handshake take protocol=NAME (answer this subprotocol, offered or not; empty: none).
after=N echoes N messages first.

  /echo                                         echoes
  /headers                                      one JSON message about the handshake, then echoes
  /count                                        answers each message with its length, kind and SHA-256
  /push?count=N&size=S&binary=1&interval=MS     sends N messages, then echoes
  /close?code=C&reason=R&after=N                sends a Close frame with any code, or none
  /fin?after=N                                  ends TCP without a Close frame
  /reset?after=N                                resets TCP
  /blackhole?after=N                            never reads or writes again
  /silent                                       echoes, never answers a Close frame
  /noread                                       never reads
  /status?code=C                                answers the handshake with this HTTP status
  /garbage                                      answers it with what is not HTTP
  /badaccept                                    answers it with a wrong key
  /hang                                         never answers it
  /refuse                                       resets TCP within it
  /badutf8?after=N                              a text frame that is not UTF-8
  /badframe?kind=K&after=N                      a frame that RFC 6455 forbids; K is one of
                                                reserved-opcode masked rsv continuation
                                                control-too-long huge-header
  /session?...                                  a session (undrop.1); what arrives is sent back. echo=0: it is not.
                                                deaf=1: it is not taken. ttl=MS spread=MS largest=BYTES: as welcome
                                                says. lost=1: welcome says of a session that is gone that it lost a
                                                part. forgets=1: resumed says that nothing was taken.
                                                count=N&interval=MS: sends N numbers. cut=N: resets TCP whenever N more
                                                have arrived. after=N&say=TEXT: then a frame of this text.
                                                after=N&end=1: then the session ends
  /tally?id=X                                   what came of the numbers that arrived there, as JSON
  /stats?id=X                                   the counters as JSON, over plain HTTP
";

/// What to do with a connection.
#[derive(Debug, PartialEq)]
pub enum Route {
    Stats { id: Option<String> },
    Tally { id: String },
    FailHandshake(Failure),
    Session { protocol: String, options: SessionOptions },
    Talk { protocol: Option<String>, after: u64, then: Then },
}

/// How a handshake fails.
#[derive(Debug, PartialEq)]
pub enum Failure {
    Status(u16),
    Garbage,
    BadAccept,
    Hang,
    Refuse,
}

/// What comes after the handshake and the messages echoed first.
#[derive(Debug, PartialEq)]
pub enum Then {
    Echo,
    Headers,
    Count,
    Push(Push),
    Close(Option<(u16, String)>),
    Fin,
    Reset,
    Blackhole,
    Silent,
    Break(BadFrame),
}

/// The messages that `/push` makes.
#[derive(Debug, PartialEq)]
pub struct Push {
    pub count: u64,
    pub size: usize,
    pub binary: bool,
    pub interval: u64,
}

/// Why a request cannot be served.
#[derive(Debug, PartialEq)]
pub struct Refusal {
    pub status: u16,
    pub reason: String,
}

impl Route {
    pub fn of(head: &Head) -> Result<Self, Refusal> {
        let then = match head.path.as_str() {
            "/stats" if head.method != "GET" => return Err(refusal(405, "/stats takes GET")),
            "/stats" => {
                return Ok(Self::Stats { id: head.parameter("id") });
            }
            "/tally" => return Ok(Self::Tally { id: head.parameter("id").unwrap_or_default() }),
            "/session" => return session(head),
            "/status" => return Ok(Self::FailHandshake(Failure::Status(status(head)?))),
            "/garbage" => return Ok(Self::FailHandshake(Failure::Garbage)),
            "/badaccept" => return Ok(Self::FailHandshake(Failure::BadAccept)),
            "/hang" => return Ok(Self::FailHandshake(Failure::Hang)),
            "/refuse" => return Ok(Self::FailHandshake(Failure::Refuse)),
            "/echo" => Then::Echo,
            "/headers" => Then::Headers,
            "/count" => Then::Count,
            "/push" => Then::Push(push(head)?),
            "/close" => Then::Close(close(head)?),
            "/fin" => Then::Fin,
            "/reset" => Then::Reset,
            // To stop reading after N messages and to never start is the same for N = 0.
            "/blackhole" | "/noread" => Then::Blackhole,
            "/silent" => Then::Silent,
            "/badutf8" => Then::Break(BadFrame::BadUtf8),
            "/badframe" => Then::Break(bad_frame(head)?),
            path => return Err(refusal(404, &format!("{path}: no such route.\n\n{HELP}"))),
        };
        Ok(Self::Talk { protocol: protocol(head)?, after: number(head, "after", 0)?, then })
    }
}

fn refusal(status: u16, reason: &str) -> Refusal {
    Refusal { status, reason: reason.into() }
}

/// A number in the query, or what it is when absent.
fn number<N: std::str::FromStr>(head: &Head, name: &str, absent: N) -> Result<N, Refusal> {
    head.parameter(name).map_or(Ok(absent), |value| {
        value.parse().map_err(|_| refusal(400, &format!("{name}={value}: not a number that fits")))
    })
}

fn status(head: &Head) -> Result<u16, Refusal> {
    match number(head, "code", 500)? {
        code @ 200..=999 => Ok(code),
        code => Err(refusal(400, &format!("code={code}: a final HTTP status is 200 to 999"))),
    }
}

fn push(head: &Head) -> Result<Push, Refusal> {
    let size = number(head, "size", 0)?;
    if size > MAX_MESSAGE {
        return Err(refusal(400, &format!("size={size}: at most {MAX_MESSAGE}")));
    }
    Ok(Push {
        count: number(head, "count", 1)?,
        size,
        binary: number(head, "binary", 0)? != 0,
        interval: number(head, "interval", 0)?,
    })
}

fn close(head: &Head) -> Result<Option<(u16, String)>, Refusal> {
    if head.parameter("code").is_none() {
        return Ok(None);
    }
    let reason = head.parameter("reason").unwrap_or_default();
    if reason.len() > 123 {
        return Err(refusal(400, "reason: at most 123 bytes fit into a Close frame"));
    }
    Ok(Some((number(head, "code", 0)?, reason)))
}

fn bad_frame(head: &Head) -> Result<BadFrame, Refusal> {
    let kind = head.parameter("kind").unwrap_or_default();
    BadFrame::named(&kind).ok_or_else(|| refusal(400, &format!("kind={kind}: no such frame.\n\n{HELP}")))
}

fn session(head: &Head) -> Result<Route, Refusal> {
    let offered = head.header("sec-websocket-protocol").unwrap_or_default();
    let protocol = offered.split(',').map(str::trim).find(|name| {
        name.strip_prefix(undrop_proto::wire::PROTOCOL).is_some_and(|rest| rest.is_empty() || rest.starts_with('+'))
    });
    let Some(protocol) = protocol else {
        return Err(refusal(400, "/session speaks undrop.1 only"));
    };
    Ok(Route::Session {
        protocol: protocol.to_owned(),
        options: SessionOptions {
            id: head.parameter("id").unwrap_or_default(),
            time_to_live: number(head, "ttl", 60_000)?,
            spread: number(head, "spread", 100)?,
            largest: number(head, "largest", u32::MAX)?,
            lost: number(head, "lost", 0)? != 0,
            forgets: number(head, "forgets", 0)? != 0,
            echoes: number(head, "echo", 1)? != 0,
            deaf: number(head, "deaf", 0)? != 0,
            count: number(head, "count", 0)?,
            interval: number(head, "interval", 1)?,
            cut: number(head, "cut", 0)?,
            after: number(head, "after", 0)?,
            says: head.parameter("say"),
            ends: number(head, "end", 0)? != 0,
        },
    })
}

/// The subprotocol to answer: the one demanded, else the first one offered.
fn protocol(head: &Head) -> Result<Option<String>, Refusal> {
    let name = head.parameter("protocol").unwrap_or_else(|| {
        let offered = head.header("sec-websocket-protocol").unwrap_or_default();
        offered.split(',').next().unwrap_or_default().trim().to_owned()
    });
    if name.contains(|letter: char| letter.is_control()) {
        return Err(refusal(400, "protocol: a header cannot hold control characters"));
    }
    Ok((!name.is_empty()).then_some(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(target: &str) -> Result<Route, Refusal> {
        Route::of(&Head::asking(target))
    }

    fn refused(target: &str) -> (u16, String) {
        let refusal = route(target).unwrap_err();
        (refusal.status, refusal.reason)
    }

    #[test]
    fn an_unknown_route_is_answered_with_the_known_ones() {
        let (status, reason) = refused("/nowhere");
        assert_eq!(status, 404);
        assert!(reason.contains("/nowhere") && reason.contains("/echo") && reason.contains("/badframe"));
    }

    #[test]
    fn a_number_that_is_none_is_named() {
        assert_eq!(refused("/fin?after=soon"), (400, "after=soon: not a number that fits".into()));
        assert_eq!(refused("/close?code=65536").0, 400);
        assert_eq!(refused("/status?code=101").0, 400);
        assert_eq!(refused("/push?size=999999999999").0, 400);
        assert_eq!(refused("/badframe?kind=nothing").0, 400);
    }

    #[test]
    fn nothing_gets_into_the_answer_but_one_protocol() {
        assert_eq!(refused("/echo?protocol=a%0D%0AX:%20y").0, 400);
    }

    #[test]
    fn any_close_code_is_sent_and_none_without_one() {
        let then = |target| match route(target) {
            Ok(Route::Talk { then, .. }) => then,
            other => unreachable!("{other:?}"),
        };
        assert_eq!(then("/close"), Then::Close(None));
        assert_eq!(then("/close?code=999&reason=a%20b"), Then::Close(Some((999, "a b".into()))));
    }
}
