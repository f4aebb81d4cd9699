//! Answers to the peer's requests.

use std::fmt::Display;
use std::future::{Future, poll_fn};
use std::rc::{Rc, Weak};
use std::task::Poll;

use js_sys::JsString;
use js_sys::futures::future_to_promise;
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;

use super::read::read;
use super::write::write;
use crate::rust::inner::Inner;
use crate::rust::socket::Socket;

/// The registry calls it with the data and the type. It returns a promise of the reply, or throws what is wrong.
pub(super) type AnswerClosure = Closure<dyn FnMut(JsValue, JsValue) -> Result<JsValue, JsValue>>;

pub(super) fn closure<Query, Reply, Failure, Answer>(
    inner: &Rc<Inner>,
    mut handler: impl FnMut(&Socket, Query) -> Answer + 'static,
) -> AnswerClosure
where
    Query: DeserializeOwned + 'static,
    Reply: Serialize + 'static,
    Failure: Display + 'static,
    Answer: Future<Output = Result<Reply, Failure>> + 'static,
{
    let inner = Rc::downgrade(inner);
    Closure::new(move |data: JsValue, message_type: JsValue| {
        let held = inner.upgrade().ok_or(JsValue::UNDEFINED)?;
        let query = read(data).map_err(|error| {
            let failure = failure(&error);
            if let Some(typed) = held.typed() {
                typed.complain_of_data(message_type.unchecked_ref::<JsString>(), error);
            }
            failure
        })?;
        let answer = handler(&Socket::borrowed(held), query);
        let answer = while_held(inner.clone(), answer);
        Ok(future_to_promise(async move {
            match answer.await.ok_or(JsValue::UNDEFINED)? {
                Ok(reply) => write(&reply).map_err(|error| failure(&error)),
                Err(error) => Err(failure(&error)),
            }
        })
        .into())
    })
}

/// Goes on as long as somebody holds the socket: after that no code of the app is run.
fn while_held<Answer: Future>(inner: Weak<Inner>, answer: Answer) -> impl Future<Output = Option<Answer::Output>> {
    let mut answer = Box::pin(answer);
    poll_fn(move |context| {
        if inner.upgrade().is_none_or(|inner| inner.is_released()) {
            return Poll::Ready(None);
        }
        answer.as_mut().poll(context).map(Some)
    })
}

fn failure(error: &impl Display) -> JsValue {
    js_sys::Error::new(&error.to_string()).into()
}
