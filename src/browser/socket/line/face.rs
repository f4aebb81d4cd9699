//! What the driver has done, in the browser.

use alloc::rc::{Rc, Weak};

use wasm_bindgen::prelude::*;
use web_sys::{BinaryType, WebSocket};

use super::{Event, Line, Parcel};
use crate::browser::driver::Face;
use crate::browser::native;
use crate::core::{Connection, Deed, Drop as Dropped, Epoch, Event as Told, Fate, State, Verdict};

impl Face for Weak<Line> {
    type Message = Rc<Parcel>;

    type Refusal = JsValue;

    fn dial(&self, epoch: Epoch) -> Result<(), JsValue> {
        let Some(line) = self.upgrade() else { return Ok(()) };
        line.is_live.set(false);
        if let Some(mailbox) = &line.mailbox {
            mailbox.dials();
        }
        // The URL is known, so there is nothing to be found first.
        if let Some(socket) = native::dial(&line.source, epoch.0, &line.ear)? {
            let native: WebSocket = socket.unchecked_into();
            native.set_binary_type(BinaryType::Arraybuffer);
            native.set_onmessage(Some(line.on_message.unchecked_ref()));
            line.native.replace(Some(native));
            line.is_live.set(true);
        }
        Ok(())
    }

    fn hang_up(&self) {
        if let Some(line) = self.upgrade() {
            line.hang_up();
        }
    }

    fn wake(&self, delay: f64) {
        if let Some(line) = self.upgrade() {
            line.wake(delay);
        }
    }

    fn watch(&self) -> u32 {
        if let Some(line) = self.upgrade() {
            native::watch(&line.ear);
        }
        native::condition()
    }

    fn end(&self, tells: bool) {
        let Some(line) = self.upgrade() else { return };
        line.rest();
        if let Some(mailbox) = &line.mailbox {
            mailbox.ends();
        }
        if tells {
            Face::tell(self, Told::Close);
        }
    }

    fn tell(&self, event: Told) {
        let Some(line) = self.upgrade() else { return };
        if event == Told::Open
            && let Some(mailbox) = &line.mailbox
            && mailbox.begins()
        {
            line.note(Event::Reset);
        }
        line.tell(match event {
            Told::Open => Event::Open,
            Told::Resume => Event::Resume,
            Told::Drop(dropped) => Event::Drop(dropped),
            Told::Error => Event::Error(line.fault()),
            Told::Close => line.closed(),
            Told::State => Event::State(line.ask(State::Closed, Connection::state)),
        });
    }

    fn tell_drop(&self, dropped: Dropped, _asks: bool) -> Verdict {
        if let Some(line) = self.upgrade() {
            line.tell(Event::Drop(dropped));
        }
        Verdict::Default
    }

    fn transmit(&self, parcel: Rc<Parcel>) {
        let Some(line) = self.upgrade() else { return };
        if let Some(native) = line.native() {
            parcel.transmit(&native);
        }
        // Over a session it has yet to arrive, and may have to leave once more.
        if !line.keeps_session() {
            line.places.leave(parcel.ticket);
            parcel.arrive();
        }
    }

    /// The listener is not called yet. The core may have given up others too that are still to come back, and until
    /// they have, nobody could say which place in the core's queue is whose.
    fn give_back(&self, parcel: Rc<Parcel>, fate: Fate) {
        let Some(line) = self.upgrade() else { return };
        line.places.leave(parcel.ticket);
        if let Some(event) = parcel.come_back(fate) {
            line.note(event);
        }
    }

    fn ping(&self) {
        if let Some(line) = self.upgrade()
            && let Some(heartbeat) = &line.heartbeat
            && let Some(native) = line.native()
        {
            // This socket is open.
            let _ = heartbeat.message.transmit(&native);
        }
    }

    fn serve(&self, deed: Deed) {
        if let Some(line) = self.upgrade()
            && let Some(mailbox) = &line.mailbox
        {
            line.serve(mailbox, deed);
        }
    }
}
