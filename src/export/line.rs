//! The line of a carrier (`npm/carrier.ts`). All that crosses between the two is numbers: references would need a table
//! of their own in the module, and a class in the glue.

#![expect(unreachable_pub, reason = "what wasm-bindgen exports has to be `pub`")]

use alloc::boxed::Box;

use wasm_bindgen::prelude::*;

use super::letter::Letter;
use crate::browser::{Driver, Face, now};
#[cfg(feature = "session")]
use crate::core::Deed;
#[cfg(feature = "session")]
use crate::core::outbox::Bounds;
use crate::core::{
    Config, Connection, Drop as Dropped, Epoch, Event, Fate, Heartbeat, Limits, Overflow, Policy, Refusal, Retry,
    Verdict,
};

#[wasm_bindgen(module = "/src/export/carriers.js")]
extern "C" {
    // All signed, since for an unsigned number or a bool the glue would have a function of its own.
    fn act(carrier: i32, what: i32, detail: f64) -> f64;

    fn lose(carrier: i32, asks: i32, cause: i32, code: i32, attempt: i32, delay: f64) -> f64;
}

/// What a carrier is asked to do, as in `npm/carrier.ts`.
mod acts {
    /// Told of a change of state, of an open line, of an error, of the end, of a session that goes on.
    pub(super) const STATE: i32 = 0;
    pub(super) const OPEN: i32 = 1;
    pub(super) const ERROR: i32 = 2;
    pub(super) const CLOSE: i32 = 3;
    pub(super) const RESUME: i32 = 4;
    pub(super) const PING: i32 = 5;
    /// The detail is the epoch. The answer is 0 if it can't.
    pub(super) const DIAL: i32 = 6;
    pub(super) const HANG_UP: i32 = 7;
    /// The detail is the delay.
    pub(super) const WAKE: i32 = 8;
    /// The answer is the condition.
    pub(super) const WATCH: i32 = 9;
    /// The detail says whether to tell.
    pub(super) const END: i32 = 10;
    /// The detail is the letter.
    pub(super) const TRANSMIT: i32 = 11;
    /// And the fates after it.
    pub(super) const RETURN: i32 = 12;
    // From 18 on: those of a session.
}

/// A carrier, by its number.
#[derive(Clone, Copy)]
pub(super) struct Carrier(pub(super) i32);

impl Carrier {
    pub(super) fn act(self, what: i32, detail: f64) -> f64 {
        act(self.0, what, detail)
    }
}

/// The carrier keeps what the browser threw.
pub(super) struct Thrown;

impl Face for Carrier {
    type Message = Letter;
    type Refusal = Thrown;

    fn dial(&self, epoch: Epoch) -> Result<(), Thrown> {
        if self.act(acts::DIAL, epoch.0.into()) == 0.0 { Err(Thrown) } else { Ok(()) }
    }

    fn hang_up(&self) {
        self.act(acts::HANG_UP, 0.0);
    }

    fn wake(&self, delay: f64) {
        self.act(acts::WAKE, delay);
    }

    fn watch(&self) -> u32 {
        self.act(acts::WATCH, 0.0) as u32
    }

    fn end(&self, tells: bool) {
        self.act(acts::END, tells.into());
    }

    fn tell(&self, event: Event) {
        let what = match event {
            Event::State | Event::Drop(_) => acts::STATE,
            Event::Open => acts::OPEN,
            Event::Error => acts::ERROR,
            Event::Close => acts::CLOSE,
            Event::Resume => acts::RESUME,
        };
        self.act(what, 0.0);
    }

    fn tell_drop(&self, dropped: Dropped, asks: bool) -> Verdict {
        let Dropped { cause, code, attempt, delay, .. } = dropped;
        match lose(self.0, asks.into(), cause as i32, code.into(), attempt as i32, delay.into()) {
            delay if delay >= 0.0 => Verdict::After(delay as u32),
            -1.0 => Verdict::Retry,
            -2.0 => Verdict::GiveUp,
            _ => Verdict::Default,
        }
    }

    fn transmit(&self, letter: Letter) {
        self.act(acts::TRANSMIT, letter.number());
    }

    fn give_back(&self, letter: Letter, fate: Fate) {
        self.act(acts::RETURN + fate as i32, letter.number());
    }

    fn ping(&self) {
        self.act(acts::PING, 0.0);
    }

    #[cfg(feature = "session")]
    fn serve(&self, deed: Deed) {
        super::session::serve(*self, deed);
    }
}

type Line = Driver<Carrier>;

/// Makes a line, and dials. The numbers are those of `npm/options.ts`, which has checked them and says what each means;
/// 0 is none, and so is a line whose first dial the browser refused.
#[wasm_bindgen]
#[expect(clippy::too_many_arguments, reason = "numbers cross for nothing, an object costs glue for each field")]
pub fn make(
    carrier: i32,
    seed: f64,
    policy: u32,
    limit: u32,
    first: u32,
    cap: u32,
    reset_after: u32,
    connect_timeout: u32,
    queue_messages: u32,
    queue_bytes: f64,
    time_to_live: u32,
    drops_oldest: bool,
    interval: u32,
    timeout: u32,
) -> usize {
    #[cfg(feature = "session")]
    let (policy, keeps_session) = (policy % KEEPS_SESSION, policy >= KEEPS_SESSION);
    let retry = Retry { limit, first, cap, reset_after };
    let config = Config {
        policy: match policy {
            0 => Policy::Never,
            1 => Policy::Retry(retry),
            _ => Policy::Ask(retry),
        },
        connect_timeout,
        queue: (queue_messages > 0).then_some(Limits {
            messages: queue_messages,
            bytes: queue_bytes as u64,
            time_to_live: (time_to_live > 0).then_some(time_to_live),
            overflow: if drops_oldest { Overflow::DropOldest } else { Overflow::Refuse },
        }),
        heartbeat: (interval > 0).then_some(Heartbeat { interval, timeout }),
    };
    #[cfg(feature = "session")]
    let made = if keeps_session {
        let bounds = Bounds { messages: queue_messages, bytes: queue_bytes as u64 };
        Driver::with_session(Carrier(carrier), config, bounds, seed as u64)
    } else {
        Driver::new(Carrier(carrier), config, seed as u64)
    };
    #[cfg(not(feature = "session"))]
    let made = Driver::new(Carrier(carrier), config, seed as u64);
    // Where it stays, since it is large and would be moved there.
    let line = Box::new(made);
    if line.start().is_ok() { Box::into_raw(line) as usize } else { 0 }
}

/// Nobody knows the line any more: it hangs up.
#[wasm_bindgen]
#[expect(unsafe_code, reason = "a line is a number in JavaScript")]
pub fn free(line: usize) {
    // SAFETY: as in `at`. The number is forgotten with this call, and none of the line's own calls is under way: it
    // comes from the garbage collector.
    drop(unsafe { Box::from_raw(line as *mut Line) });
}

#[expect(unsafe_code, reason = "a line is a number in JavaScript")]
pub(super) fn at<'a>(line: usize) -> &'a Line {
    // SAFETY: `npm/carrier.ts` gives only what `make` returned, until it has called `free`; and a line is only ever
    // borrowed shared.
    unsafe { &*(line as *const Line) }
}

/// See `native.js`.
#[wasm_bindgen]
pub fn hear(line: usize, what: u32, epoch: u32, detail: u32, clean: bool) -> bool {
    at(line).hear(what, epoch, detail, clean)
}

/// Whether a message of so many bytes goes straight to the socket, whose `readyState` this is.
#[wasm_bindgen]
pub fn admits(line: usize, ready_state: u32, bytes: f64) -> bool {
    at(line).with(|connection| {
        if ready_state > OPEN {
            connection.handle_ending(connection.epoch());
        }
        let admits = connection.is_writable();
        if admits && ready_state == OPEN {
            connection.handle_sent(bytes as u64);
        }
        admits
    })
}

/// Takes a message that waits for a line without a session. 0, or why it is not taken.
#[wasm_bindgen]
pub fn send(line: usize, bytes: f64) -> u32 {
    let now = now();
    match at(line).ask(|connection| connection.send_outside(now, Letter::queued(), bytes as u64)) {
        Ok(()) => 0,
        Err(Refusal::NotOpen) => 1,
        Err(Refusal::Full) => 2,
        Err(Refusal::Closed) => 3,
    }
}

/// The user takes back a message that waits, counted from the oldest. False if it is too late.
#[wasm_bindgen]
pub fn withdraw(line: usize, index: usize) -> bool {
    at(line).ask(|connection| connection.withdraw(index).is_some())
}

/// A message of so many bytes arrived, and is the reply to a heartbeat or not. False if it is not of this line.
#[wasm_bindgen]
pub fn heard(line: usize, bytes: f64, replies: bool) -> bool {
    let hears = at(line).with(|connection| {
        if !replies {
            connection.handle_message(connection.epoch(), bytes as u64);
        }
        connection.is_hearing()
    });
    if replies {
        let now = now();
        at(line).ask(|connection| connection.handle_reply(now, connection.epoch()));
    }
    hears
}

/// The user closes. The socket, if there is one that may answer, has been told.
#[wasm_bindgen]
pub fn close(line: usize, answers: bool) {
    at(line).close(answers);
}

/// Dials now, also if it was over.
#[wasm_bindgen]
pub fn reconnect(line: usize) {
    at(line).reconnect();
}

/// The number with this index in `npm/undrop.ts`.
#[wasm_bindgen]
pub fn get(line: usize, index: usize) -> f64 {
    at(line).with(|connection| number(connection, index))
}

fn number(connection: &Connection<Letter>, index: usize) -> f64 {
    let stats = connection.stats();
    let number = match index {
        0 => connection.state() as u64,
        1 => connection.queued(),
        2 => stats.dials.into(),
        3 => stats.opens.into(),
        4 => stats.messages_in,
        5 => stats.messages_out,
        6 => stats.bytes_in,
        7 => stats.bytes_out,
        8 => stats.round_trip.count.into(),
        9 => stats.round_trip.last,
        10 => stats.round_trip.min,
        11 => stats.round_trip.sum,
        _ => stats.drops.get(index - 12).copied().unwrap_or_default().into(),
    };
    number as f64
}

/// Added to a policy: what is sent is kept for a session, within the limits of the queue.
#[cfg(feature = "session")]
const KEEPS_SESSION: u32 = 4;

/// `WebSocket.OPEN`
const OPEN: u32 = 1;
