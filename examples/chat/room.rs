//! A room: its elements on the page, and its socket.

use serde::{Deserialize, Serialize};
use undrop::{Event, Options, Socket, Subscription};
use wasm_bindgen::prelude::*;
use web_sys::{Document, Element, HtmlFormElement, HtmlInputElement};

/// A message. Its JSON is `{ "type": "say", "data": { "from": …, "text": … } }`.
#[derive(Deserialize, Serialize)]
struct Say {
    from: String,
    text: String,
}

/// When this is dropped, the socket closes and the elements are removed from the page.
pub struct Room {
    elements: Vec<Element>,
    form: HtmlFormElement,
    on_submit: Closure<dyn FnMut(web_sys::Event)>,
    _said: Subscription,
}

impl Room {
    pub fn join(url: &str, name: &str, parent: &Element) -> Result<Self, JsValue> {
        let document = parent.owner_document().ok_or("the element is on no page")?;
        let status = add(&document, parent, "p")?;
        let list = add(&document, parent, "ul")?;
        let form: HtmlFormElement = add(&document, parent, "form")?.dyn_into()?;
        let input: HtmlInputElement = add(&document, &form, "input")?.dyn_into()?;

        // The events of the connection.
        let socket = Socket::connect(url, Options::default(), {
            let status = status.clone();
            move |_, event| match event {
                Event::Open => status.set_text_content(Some("connected")),
                Event::Dropped(dropped) => {
                    let delay = dropped.delay.as_millis();
                    status.set_text_content(Some(&format!("the connection dropped, reconnecting in {delay} ms")));
                }
                Event::Lost(message, _) => status.set_text_content(Some(&format!("not sent: {message:?}"))),
                Event::Invalid { reason, .. } => {
                    status.set_text_content(Some(&format!("the server sent an invalid message: {reason}")));
                }
                Event::Close(closed) => status.set_text_content(Some(&format!("closed: {}", closed.reason))),
                _ => {}
            }
        });
        let socket = socket.map_err(|error| error.to_string())?;

        // The messages of the room.
        let said = socket.on::<Say>("say", {
            let list = list.clone();
            move |_, Say { from, text }| {
                if let Ok(item) = add(&document, &list, "li") {
                    item.set_text_content(Some(&format!("{from}: {text}")));
                }
            }
        });

        // Our messages. While the connection is down they are queued; only a full queue refuses one.
        let on_submit = Closure::<dyn FnMut(web_sys::Event)>::new({
            let (status, from) = (status.clone(), name.to_owned());
            // The closure owns the socket, and the form holds the closure.
            move |event: web_sys::Event| {
                event.prevent_default();
                let say = Say { from: from.clone(), text: input.value() };
                match socket.emit("say", &say) {
                    Ok(()) => input.set_value(""),
                    Err(error) => status.set_text_content(Some(&error.to_string())),
                }
            }
        });
        form.add_event_listener_with_callback("submit", on_submit.as_ref().unchecked_ref())?;

        let elements = vec![status, list, form.clone().into()];
        Ok(Self { elements, form, on_submit, _said: said })
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        // The closure is about to be dropped, and with it the socket, which closes the connection.
        let _ = self.form.remove_event_listener_with_callback("submit", self.on_submit.as_ref().unchecked_ref());
        for element in &self.elements {
            element.remove();
        }
    }
}

fn add(document: &Document, parent: &Element, name: &str) -> Result<Element, JsValue> {
    let element = document.create_element(name)?;
    parent.append_child(&element)?;
    Ok(element)
}
