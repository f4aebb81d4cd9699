//! The line that the shell holds.

use alloc::rc::Rc;

use wasm_bindgen::prelude::*;

use crate::browser::{Driver, Face, Native};

#[wasm_bindgen]
extern "C" {
    /// `npm/carrier.ts`
    pub type Carrier;

    #[wasm_bindgen(method)]
    fn carry(this: &Carrier, socket: &Native);

    #[wasm_bindgen(method)]
    fn release(this: &Carrier);
}

impl Face for Carrier {
    fn carry(&self, socket: &Native) {
        Carrier::carry(self, socket);
    }

    fn release(&self) {
        Carrier::release(self);
    }
}

/// A connection, for the shell.
#[wasm_bindgen]
pub struct Line {
    driver: Rc<Driver<Carrier>>,
}

#[wasm_bindgen]
impl Line {
    /// Throws what the browser's own constructor throws.
    #[wasm_bindgen(constructor)]
    pub fn new(carrier: Carrier, url: JsValue, protocols: JsValue) -> Result<Line, JsValue> {
        Driver::new(carrier, url, protocols).map(|driver| Line { driver })
    }

    /// The standard's `readyState`.
    #[wasm_bindgen(js_name = readyState)]
    pub fn ready_state(&self) -> u32 {
        self.driver.ready_state() as u32
    }

    /// Throws what the browser's own `close` throws.
    pub fn close(&self, code: &JsValue, reason: &JsValue) -> Result<(), JsValue> {
        self.driver.close(code, reason)
    }
}
