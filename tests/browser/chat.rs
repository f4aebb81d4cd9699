//! The example `chat`, on a page, with a server that echoes.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../examples/chat/room.rs"]
mod room;

use js_sys::futures::JsFuture;
use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{Element, HtmlFormElement, HtmlInputElement, MutationObserver, MutationObserverInit};

use self::room::Room;

#[wasm_bindgen_test]
async fn what_is_typed_is_sent_and_what_is_said_is_shown() {
    let page = Page::new();
    let room = Room::join(&format!("{}/echo", env!("UNDROP_TEST_SERVER")), "Ada", &page.element).unwrap();
    // It is queued.
    page.say("first");
    page.until("ul li", "Ada: first").await;
    page.until("p", "connected").await;
    page.say("<b>second</b>");
    page.until("ul li:last-child", "Ada: <b>second</b>").await;
    drop(room);
    assert_eq!(page.element.child_element_count(), 0);
}

#[wasm_bindgen_test]
async fn a_drop_is_shown_and_the_socket_reconnects() {
    let page = Page::new();
    // Each connection takes one message.
    let _room = Room::join(&format!("{}/fin?after=1", env!("UNDROP_TEST_SERVER")), "Ada", &page.element).unwrap();
    page.until("p", "connected").await;
    page.say("first");
    page.until("p", "the connection dropped").await;
    page.say("second");
    page.until("ul li:last-child", "Ada: second").await;
}

/// A place on the page, which is gone with it.
struct Page {
    element: Element,
}

impl Page {
    fn new() -> Self {
        let document = web_sys::window().unwrap().document().unwrap();
        let element = document.create_element("div").unwrap();
        document.body().unwrap().append_child(&element).unwrap();
        Self { element }
    }

    fn say(&self, text: &str) {
        let input: HtmlInputElement = self.find("input").unwrap().unchecked_into();
        input.set_value(text);
        self.find("form").unwrap().unchecked_into::<HtmlFormElement>().request_submit().unwrap();
        assert_eq!(input.value(), "");
    }

    /// Waits until this is shown there.
    async fn until(&self, selector: &str, text: &str) {
        let shows = || self.find(selector).and_then(|found| found.text_content()).is_some_and(|it| it.contains(text));
        while !shows() {
            self.change().await;
        }
    }

    fn find(&self, selector: &str) -> Option<Element> {
        self.element.query_selector(selector).unwrap()
    }

    async fn change(&self) {
        let mut observer = None;
        let changed = Promise::new(&mut |resolve: Function, _| {
            let made = MutationObserver::new(&resolve).unwrap();
            let options = MutationObserverInit::new();
            options.set_child_list(true);
            options.set_subtree(true);
            made.observe_with_options(&self.element, &options).unwrap();
            observer = Some(made);
        });
        JsFuture::from(changed).await.unwrap();
        observer.unwrap().disconnect();
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.element.remove();
    }
}
