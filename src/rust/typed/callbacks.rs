//! What the registry calls of its socket.

use std::rc::Rc;
use std::time::Duration;

use js_sys::{Function, JsString};
use undrop_proto::MessageId;
use wasm_bindgen::prelude::*;

use super::registry::{self, Registry, options, reason, thrown};
use super::state::Typed;
use crate::rust::duration::to_millis;
use crate::rust::error::Error;
use crate::rust::inner::{Inner, error_text, text_size};
use crate::socket::{Waiter, try_send};
use undrop_proto::envelope::Envelope;

/// Makes the registry of a socket.
pub(in crate::rust) fn connect_registry(
    inner: &Rc<Inner>,
    envelope: &Envelope,
    request_timeout: Option<Duration>,
) -> Result<Typed, Error> {
    let inner = Rc::downgrade(inner);
    let withdraw = Closure::<dyn Fn(f64)>::new({
        let inner = inner.clone();
        move |id| {
            if let Some(inner) = inner.upgrade()
                && let Some(driver) = inner.driver()
            {
                driver.withdraw(MessageId(id as u64));
            }
        }
    });
    let post = Closure::<dyn Fn(JsString, JsValue) -> Result<JsValue, JsValue>>::new({
        let inner = inner.clone();
        let withdraw: Function = withdraw.as_ref().unchecked_ref::<Function>().clone();
        move |frame: JsString, settle: JsValue| match inner
            .upgrade()
            .ok_or(Error::Closed)
            .and_then(|inner| post(&inner, frame, settle))
        {
            Ok(None) => Ok(JsValue::UNDEFINED),
            Ok(Some(MessageId(id))) => Ok(withdraw.bind1(&JsValue::UNDEFINED, &(id as f64).into()).into()),
            Err(error) => Err(thrown(&error)),
        }
    });
    let invalid = Closure::<dyn Fn(JsValue)>::new({
        let inner = inner.clone();
        move |complaint: JsValue| {
            if let Some(inner) = inner.upgrade()
                && let Some(typed) = inner.typed()
            {
                typed.complain(reason(&complaint));
            }
        }
    });
    let listen = Closure::<dyn Fn(bool)>::new(move |listens| {
        if let Some(inner) = inner.upgrade()
            && let Some(typed) = inner.typed()
        {
            typed.set_listening(listens);
        }
    });
    let socket = registry::socket(post.as_ref(), invalid.as_ref(), listen.as_ref());
    let registry = Registry::new(&options(envelope, request_timeout.map(to_millis)), &socket)
        .map_err(|thrown| Error::Envelope(error_text(&thrown)))?;
    Ok(Typed::new(registry, [Box::new(post), Box::new(withdraw), Box::new(invalid), Box::new(listen)]))
}

/// Sends what the registry has made. Nothing if it has left; otherwise its number.
fn post(inner: &Inner, frame: JsString, settle: JsValue) -> Result<Option<MessageId>, Error> {
    if inner.transmit(frame.length() as usize, |native| try_send(native, &frame))? {
        return Ok(None);
    }
    let waiter = settle.dyn_into().map_or(Waiter::User, Waiter::Function);
    let size = text_size(&frame);
    inner.queue(frame.into(), size, waiter).map(Some)
}
