//! What leaves, now or later.

use alloc::rc::Rc;

use wasm_bindgen::JsValue;
use web_sys::WebSocket;

use super::Line;
use crate::browser::driver::now;
use crate::browser::socket::error::Error;
use crate::browser::socket::message::Message;
use crate::browser::socket::parcel::{Content, Ticket, Told};

impl Line {
    pub(in crate::browser::socket) fn send_text(self: &Rc<Self>, text: &str) -> Result<(), Error> {
        // What goes out at once is not copied into a message of its own.
        if !self.transmit(text.len(), |native| native.send_with_str(text))? {
            let content = if self.keeps_session() { Content::kept_text(text) } else { Content::Message(text.into()) };
            self.wait(text.len(), content, Told::Listener, None)?;
        }
        Ok(())
    }

    pub(in crate::browser::socket) fn send_bytes(self: &Rc<Self>, bytes: &[u8]) -> Result<(), Error> {
        if !self.transmit(bytes.len(), |native| native.send_with_u8_array(bytes))? {
            let content =
                if self.keeps_session() { Content::kept_bytes(bytes) } else { Content::Message(bytes.into()) };
            self.wait(bytes.len(), content, Told::Listener, None)?;
        }
        Ok(())
    }

    pub(in crate::browser::socket) fn send_message(self: &Rc<Self>, message: &Message) -> Result<(), Error> {
        match message {
            Message::Text(text) => self.send_text(text),
            Message::Binary(bytes) => self.send_bytes(bytes),
        }
    }

    /// Sends at once, if the line stands. False if it has to wait, as over a session everything has.
    pub(in crate::browser::socket) fn transmit(
        &self,
        bytes: usize,
        transmit: impl FnOnce(&WebSocket) -> Result<(), JsValue>,
    ) -> Result<bool, Error> {
        let (Some(driver), Some(native)) = (self.driver.get(), self.native()) else {
            return Err(Error::NotOpen);
        };
        if self.keeps_session() {
            return Ok(false);
        }
        let ready_state = native.ready_state();
        let goes = driver.with(|connection| {
            // The browser knows first that the other end closes.
            if ready_state > WebSocket::OPEN {
                connection.handle_ending(connection.epoch());
            }
            connection.is_writable() && ready_state == WebSocket::OPEN
        });
        if goes {
            transmit(&native).map_err(|_| Error::NotOpen)?;
            driver.with(|connection| connection.handle_sent(bytes as u64));
        }
        Ok(goes)
    }

    /// Keeps a message until the line is back, or with a session until the other end has it.
    pub(in crate::browser::socket) fn wait(
        self: &Rc<Self>,
        bytes: usize,
        content: Content,
        told: Told,
        time_to_live: Option<u32>,
    ) -> Result<Ticket, Error> {
        let bytes = bytes as u64;
        let parcel = self.places.join(content, told);
        let ticket = parcel.ticket;
        let answer = self.drive(|driver| {
            driver.ask(|connection| {
                if !self.keeps_session() {
                    return connection.send(now(), parcel, bytes);
                }
                let name = connection.post(now, parcel.clone(), bytes, time_to_live)?;
                let _ = parcel.name.set(name);
                Ok(())
            })
        });
        match answer {
            Some(Ok(())) => Ok(ticket),
            Some(Err(refusal)) => {
                self.places.leave(ticket);
                Err(refusal.into())
            }
            None => Err(Error::NotOpen),
        }
    }

    /// Takes a message back, if it has not left.
    pub(in crate::browser::socket) fn withdraw(self: &Rc<Self>, ticket: Ticket) {
        if self.keeps_session() {
            if let Some(name) = self.places.name(ticket) {
                self.drive(|driver| driver.ask(|connection| connection.recall(name)));
            }
        } else if let Some(place) = self.places.leave(ticket)
            && let Some(driver) = self.driver.get()
        {
            // Nothing else comes of it, and the queue must not move while the listener is saying hello. Only a timer
            // may now be early.
            drop(driver.with(|connection| connection.withdraw(place)));
        }
    }
}
