//! The time.

use core::cell::Cell;

use undrop_proto::Millis;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
}

/// `Date.now()` and `performance.now()` drift apart by this much at most while the machine is awake, in milliseconds.
const DRIFT: f64 = 1_000.0;

thread_local! {
    /// By how much `Date.now()` was ahead of `performance.now()`, and how long the machine has slept.
    static CLOCK: Cell<Option<(f64, f64)>> = const { Cell::new(None) };
}

/// Milliseconds that never go back, and go on while the machine sleeps, when `performance.now()` may stand still.
pub(crate) fn now() -> Millis {
    let time = performance_now();
    let ahead = js_sys::Date::now() - time;
    let (was_ahead, mut slept) = CLOCK.get().unwrap_or((ahead, 0.0));
    if ahead - was_ahead > DRIFT {
        slept += ahead - was_ahead;
    }
    CLOCK.set(Some((ahead, slept)));
    Millis((time + slept) as u64)
}
