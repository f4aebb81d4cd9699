//! Answers to the other end's requests.

use alloc::boxed::Box;
use alloc::rc::{Rc, Weak};
use core::fmt::Display;
use core::future::{Future, poll_fn};
use core::task::Poll;

use js_sys::JsString;
use js_sys::futures::future_to_promise;
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;

use super::data::{read, write};
use crate::browser::socket::Socket;
use crate::browser::socket::line::Line;

/// What the registry calls: with data and type, and it returns a promise of the reply, or throws what is wrong.
pub(super) type AnswerClosure = Closure<dyn FnMut(JsValue, JsValue) -> Result<JsValue, JsValue>>;

pub(super) fn closure<Query, Reply, Failure, Answer>(
    line: &Rc<Line>,
    mut handler: impl FnMut(&Socket, Query) -> Answer + 'static,
) -> AnswerClosure
where
    Query: DeserializeOwned + 'static,
    Reply: Serialize + 'static,
    Failure: Display + 'static,
    Answer: Future<Output = Result<Reply, Failure>> + 'static,
{
    let line = Rc::downgrade(line);
    Closure::new(move |data: JsValue, message_type: JsValue| {
        let held = line.upgrade().ok_or(JsValue::UNDEFINED)?;
        let query = read(data).map_err(|words| {
            let failure = failure(&words);
            held.complain(message_type.unchecked_ref::<JsString>(), words);
            failure
        })?;
        let answer = handler(&Socket::lent(held), query);
        let answer = while_held(line.clone(), answer);
        Ok(future_to_promise(async move {
            match answer.await.ok_or(JsValue::UNDEFINED)? {
                Ok(reply) => write(&reply).map_err(|error| failure(&error)),
                Err(error) => Err(failure(&error)),
            }
        })
        .into())
    })
}

/// Goes on as long as somebody holds the socket: after that no code of the user's is run.
fn while_held<Answer: Future>(line: Weak<Line>, answer: Answer) -> impl Future<Output = Option<Answer::Output>> {
    let mut answer = Box::pin(answer);
    poll_fn(move |context| {
        if line.upgrade().is_none_or(|line| line.is_let_go()) {
            return Poll::Ready(None);
        }
        answer.as_mut().poll(context).map(Some)
    })
}

fn failure(words: &impl Display) -> JsValue {
    js_sys::Error::new(&alloc::format!("{words}")).into()
}
