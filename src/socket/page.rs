//! What the page says of itself: one set of listeners for all sockets of a realm, be it a window or a worker.

use core::cell::Cell;

use js_sys::Function;
use undrop_proto::Signal;
use wasm_bindgen::prelude::*;

use super::report::Report;

#[wasm_bindgen(module = "/src/socket/page.js")]
extern "C" {
    fn visibility() -> Report;

    fn network() -> Report;

    fn observe(handle: &Function);
}

thread_local! {
    static IS_LISTENING: Cell<bool> = const { Cell::new(false) };
}

/// Has this function handle what the page says, from the first call on.
pub(super) fn listen(handle: &Function) {
    if !IS_LISTENING.replace(true) {
        observe(handle);
    }
}

/// What the page says now: whether it is hidden, and whether there is a network.
pub(super) fn condition() -> impl Iterator<Item = Signal> {
    [visibility(), network()].into_iter().filter_map(Report::signal)
}
