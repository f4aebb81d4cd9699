//! The line that the shell holds. Nearly all that crosses between the two is a number.

use wasm_bindgen::prelude::*;

use crate::browser::{Driver, Face, Native, now};
use crate::core::{
    Config, Connection, Drop as Dropped, Event, Fate, Heartbeat, Limits, Overflow, Policy, Refusal, Retry, Verdict,
};

#[wasm_bindgen]
extern "C" {
    /// `npm/carrier.ts`
    #[derive(Clone)]
    pub type Carrier;

    #[wasm_bindgen(method, getter)]
    fn source(this: &Carrier) -> JsValue;

    #[wasm_bindgen(method)]
    fn carry(this: &Carrier, socket: &Native);

    #[wasm_bindgen(method)]
    fn hear(this: &Carrier, what: u32);

    #[wasm_bindgen(method)]
    fn lose(this: &Carrier, asks: bool, cause: u32, code: u32, attempt: u32, delay: u32, native: &JsValue) -> f64;

}

impl Face for Carrier {
    /// Messages leave the queue in the order in which they came, so the carrier keeps them and the core counts them.
    type Message = ();

    fn source(&self) -> JsValue {
        Carrier::source(self)
    }

    fn carry(&self, socket: &Native) {
        Carrier::carry(self, socket);
    }

    fn tell(&self, event: Event) {
        self.hear(match event {
            Event::State | Event::Drop(_) => 0,
            Event::Open => 1,
            Event::Error => 2,
            Event::Close => 3,
        });
    }

    fn tell_drop(&self, dropped: Dropped, asks: bool, native: &JsValue) -> Verdict {
        let Dropped { cause, code, attempt, delay, .. } = dropped;
        match self.lose(asks, cause as u32, code.into(), attempt, delay, native) {
            delay if delay >= 0.0 => Verdict::After(delay as u32),
            -1.0 => Verdict::Retry,
            -2.0 => Verdict::GiveUp,
            _ => Verdict::Default,
        }
    }

    fn transmit(&self, (): ()) {
        self.hear(5);
    }

    fn give_back(&self, (): (), fate: Fate) {
        self.hear(match fate {
            Fate::Expired => 6,
            Fate::Overflow => 7,
            Fate::Closed => 8,
        });
    }

    fn ping(&self) {
        self.hear(4);
    }
}

/// A connection, for the shell.
#[wasm_bindgen]
pub struct Line {
    driver: Driver<Carrier>,
}

#[wasm_bindgen]
impl Line {
    /// Throws what the browser's own constructor throws. The numbers are those of `npm/options.ts`, which has checked
    /// them and says what each means; 0 is none.
    #[wasm_bindgen(constructor)]
    #[expect(clippy::too_many_arguments, reason = "numbers cross for nothing, an object costs glue for each field")]
    pub fn new(
        carrier: Carrier,
        ear: JsValue,
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
    ) -> Result<Line, JsValue> {
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
        Driver::new(carrier, ear, config, seed as u64).map(|driver| Line { driver })
    }

    /// See `native.js`.
    pub fn hear(&self, what: u32, epoch: u32, detail: u32, clean: bool, value: &JsValue) -> bool {
        self.driver.hear(what, epoch, detail, clean, value)
    }

    /// Whether a message of so many bytes goes straight to the socket, whose `readyState` this is.
    pub fn admits(&self, ready_state: u32, bytes: f64) -> bool {
        self.driver.with(|connection| {
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

    /// Takes a message that waits for the line. 0, or why it is not taken.
    pub fn send(&self, bytes: f64) -> u32 {
        let now = now();
        match self.driver.ask(|connection| connection.send(now, (), bytes as u64)) {
            Ok(()) => 0,
            Err(Refusal::NotOpen) => 1,
            Err(Refusal::Full) => 2,
            Err(Refusal::Closed) => 3,
        }
    }

    /// A message of so many bytes arrived, and is the reply to a heartbeat or not. False if it is not of this line.
    pub fn heard(&self, bytes: f64, replies: bool) -> bool {
        let hears = self.driver.with(|connection| {
            if !replies {
                connection.handle_message(connection.epoch(), bytes as u64);
            }
            connection.is_hearing()
        });
        if replies {
            let now = now();
            self.driver.ask(|connection| connection.handle_reply(now, connection.epoch()));
        }
        hears
    }

    /// The socket has been told.
    pub fn close(&self) {
        self.driver.close();
    }

    /// The carrier had been let go if it was over.
    pub fn reconnect(&self, carrier: Carrier) {
        self.driver.reconnect(carrier);
    }

    /// The number with this index in `npm/undrop.ts`.
    pub fn get(&self, index: usize) -> f64 {
        self.driver.with(|connection| number(connection, index))
    }
}

fn number<M>(connection: &Connection<M>, index: usize) -> f64 {
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

/// `WebSocket.OPEN`
const OPEN: u32 = 1;
