//! How a socket begins.

use std::rc::Rc;

use js_sys::Function;
use wasm_bindgen::prelude::*;

use super::error::Error;
use super::inner::{Inner, Listener, array, error_text};
use super::options::Options;
use super::source::Source;
#[cfg(feature = "serde")]
use super::typed::connect_registry;
use super::user::RustUser;
use crate::socket::{Driver, Report, Settings, Target, handle};

/// Where a socket connects.
pub(super) enum Where {
    Known(String),
    Asked(Source),
}

thread_local! {
    /// What handles the browser's reports to all sockets.
    static HANDLER: Function = Closure::<dyn Fn(Report, u32, JsValue) -> bool>::new(|report, socket, event| {
        handle(report, socket, &event)
    })
    .into_js_value()
    .unchecked_into();
}

/// Whether the imports of JavaScript exist.
const IS_BROWSER: bool = cfg!(all(target_family = "wasm", target_os = "unknown"));

pub(super) fn connect(target: Where, options: Options, listener: Listener) -> Result<Rc<Inner>, Error> {
    if !IS_BROWSER {
        return Err(Error::Unsupported);
    }
    let bounds = options.bounds()?;
    let config = options.config();
    let (target, source) = match target {
        Where::Known(url) => (Target::Known { url: url.into(), protocols: array(&options.protocols) }, None),
        Where::Asked(source) => (Target::Asked, Some(source)),
    };
    #[cfg(feature = "serde")]
    let (envelope, request_timeout) = (options.envelope.clone(), options.request_timeout);
    let inner = Rc::new(Inner::new(options, source, listener));
    #[cfg(feature = "serde")]
    inner.set_typed(connect_registry(&inner, &envelope, request_timeout)?);
    let ping = inner.ping();
    let user = Rc::new(RustUser::new(&inner));
    let handler = HANDLER.with(Function::clone);
    let driver = Driver::connect(Settings { config, bounds, ping }, target, handler, |_| user)
        .map_err(|thrown| Error::Invalid(error_text(&thrown)))?;
    inner.set_driver(driver);
    Ok(inner)
}
