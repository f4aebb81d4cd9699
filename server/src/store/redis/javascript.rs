//! Redis through a client that the app has in JavaScript. It connects, and finds another Redis when that is of no use any more, as
//! the app has set it up.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use js_sys::{Array, Function, JsString, Promise, Reflect, Uint8Array};
use redis::{Arg, Cmd, RedisError, Value, parse_redis_value};
use send_wrapper::SendWrapper;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::failure::RESPONSE_TIMEOUT;
use crate::SessionId;
use crate::runtime::timeout;
use crate::store::wake::{Wake, Wakes};

#[wasm_bindgen]
extern "C" {
    /// A client of Redis, as the package has it.
    pub type RedisClient;

    /// Sends a command: an array of strings and `Uint8Array`s. The promise is of the reply, whose strings are `Uint8Array`s.
    #[wasm_bindgen(method, catch)]
    fn call(this: &RedisClient, command: Array) -> Result<Promise, JsValue>;

    /// Calls the function with each text that is published on the channel, and with nothing when some may have been missed.
    #[wasm_bindgen(method)]
    fn subscribe(this: &RedisClient, channel: &str, heard: &Function);
}

pub(super) struct Connector {
    client: SendWrapper<RedisClient>,
}

impl Connector {
    pub(super) fn new(client: RedisClient) -> Self {
        Self { client: SendWrapper::new(client) }
    }

    pub(super) async fn ask(&self, command: &Cmd) -> Result<Value, RedisError> {
        let asked = SendWrapper::new(self.client.call(arguments(command)));
        let answer = timeout(
            RESPONSE_TIMEOUT,
            SendWrapper::new(async move {
                let reply = JsFuture::from(SendWrapper::take(asked)?).await?;
                Ok::<_, JsValue>(SendWrapper::new(reply))
            }),
        );
        match answer.await {
            Ok(Ok(reply)) => Ok(value_of(&reply)),
            Ok(Err(thrown)) => Err(error_of(&thrown)),
            Err(elapsed) => Err(std::io::Error::new(std::io::ErrorKind::TimedOut, elapsed).into()),
        }
    }
}

#[derive(Default)]
pub(super) struct Subscription {
    wakes: Arc<Wakes>,
    has_begun: AtomicBool,
}

impl Subscription {
    pub(super) fn watch(&self, wake: Wake) {
        self.wakes.add(wake);
    }

    /// Begins to listen, once there is a session that could be told something.
    pub(super) fn begin(&self, connector: &Connector, channel: String) {
        if self.has_begun.swap(true, Ordering::Relaxed) {
            return;
        }
        let wakes = Arc::clone(&self.wakes);
        let heard = Closure::<dyn Fn(Option<String>)>::new(move |published: Option<String>| match published {
            Some(text) => SessionId::parse(text.as_bytes()).into_iter().for_each(|id| wakes.session(id)),
            None => wakes.all(),
        });
        // As long as the client has it.
        connector.client.subscribe(&channel, heard.into_js_value().unchecked_ref());
    }
}

fn arguments(command: &Cmd) -> Array {
    let text = |bytes: &[u8]| match std::str::from_utf8(bytes) {
        Ok(text) => JsString::from(text).into(),
        Err(_) => JsValue::from(Uint8Array::from(bytes)),
    };
    let arguments = command.args_iter().map(|argument| match argument {
        Arg::Simple(bytes) => text(bytes),
        // The store has no cursors.
        _ => JsString::from("0").into(),
    });
    arguments.collect()
}

/// Some clients do not tell a status from a string. A script answers with a status alone.
fn value_of(reply: &JsValue) -> Value {
    match nested(reply) {
        Value::BulkString(bytes) => match String::from_utf8(bytes) {
            Ok(status) => Value::SimpleString(status),
            Err(bytes) => Value::BulkString(bytes.into_bytes()),
        },
        value => value,
    }
}

fn nested(reply: &JsValue) -> Value {
    if let Some(number) = reply.as_f64() {
        return Value::Int(number as i64);
    }
    if let Some(text) = reply.as_string() {
        return Value::BulkString(text.into_bytes());
    }
    if let Some(several) = reply.dyn_ref::<Array>() {
        return Value::Array(several.iter().map(|one| nested(&one)).collect());
    }
    if let Some(bytes) = reply.dyn_ref::<Uint8Array>() {
        return Value::BulkString(bytes.to_vec());
    }
    Value::Nil
}

/// The error that the client has thrown. That of Redis begins with its code, in capitals, and is read as it came from there.
fn error_of(thrown: &JsValue) -> RedisError {
    let message = Reflect::get(thrown, &"message".into()).ok().and_then(|message| message.as_string());
    let message = message.unwrap_or_else(|| "the client of Redis has failed".to_owned());
    let code = message.split(' ').next().unwrap_or_default();
    let is_of_redis = code.len() > 2 && code.bytes().all(|byte| byte.is_ascii_uppercase());
    let answered = is_of_redis.then(|| parse_redis_value(format!("-{message}\r\n").as_bytes()));
    match answered {
        Some(Ok(Value::ServerError(error))) => error.into(),
        _ => std::io::Error::other(message).into(),
    }
}
