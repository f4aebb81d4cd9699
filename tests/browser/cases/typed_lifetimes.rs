//! How long handlers live: none is called after its drop, and nothing of it is left.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use serde_json::Value;
use undrop::{Event, Options, Socket, State, Subscription};
use wasm_bindgen_test::wasm_bindgen_test;

use super::support::{Place, connect, hasty, memory, pause, tell};

/// A place for a subscription that a handler can empty.
type Kept = Rc<RefCell<Option<Subscription>>>;

#[wasm_bindgen_test]
async fn a_handler_may_drop_its_own_subscription() {
    let (socket, mut heard) = connect("/echo", Options::default());
    heard.open().await;
    let held = Rc::new(());
    let kept = Kept::default();
    let calls = Rc::new(Cell::new(0));
    let subscription = socket.on::<u32>("count", {
        let (kept, calls, held) = (kept.clone(), calls.clone(), held.clone());
        move |_, _| {
            drop(kept.take());
            // What it holds is still there while it runs.
            assert_eq!(Rc::strong_count(&held), 2);
            calls.set(calls.get() + 1);
        }
    });
    kept.replace(Some(subscription));
    socket.emit("count", &1).unwrap();
    socket.emit("count", &2).unwrap();
    assert_eq!(heard.text().await, r#"{"type":"count","data":2}"#);
    assert_eq!((calls.get(), Rc::strong_count(&held)), (1, 1));
}

#[wasm_bindgen_test]
async fn a_handler_may_drop_others_which_are_then_not_called() {
    let (socket, mut heard) = connect("/echo", Options::default());
    heard.open().await;
    let (told, mut came) = tell();
    let (kept, kept_for_all) = (Kept::default(), Kept::default());
    let first = socket.on::<u32>("count", {
        let (kept, kept_for_all, told) = (kept.clone(), kept_for_all.clone(), told.clone());
        move |_, _| {
            drop((kept.take(), kept_for_all.take()));
            told("first");
        }
    });
    kept.replace(Some(socket.on::<u32>("count", {
        let told = told.clone();
        move |_, _| told("dropped")
    })));
    kept_for_all.replace(Some(socket.on_any::<u32>({
        let told = told.clone();
        move |_, _, _| told("dropped too")
    })));
    let last = socket.on::<u32>("count", move |_, _| told("last"));
    socket.emit("count", &1).unwrap();
    assert_eq!(came.next().await, "first");
    assert_eq!(came.next().await, "last");
    drop((first, last));
    assert!(came.is_gone().await);
}

#[wasm_bindgen_test]
async fn a_handler_that_subscribes_gets_the_next_message_first() {
    let (socket, mut heard) = connect("/echo", Options::default());
    heard.open().await;
    let (told, mut came) = tell();
    let _outer = socket.on::<u32>("count", move |socket, outer| {
        let told = told.clone();
        if outer == 1 {
            socket.on::<u32>("count", move |_, inner| told(inner)).forget();
        }
    });
    socket.emit("count", &1).unwrap();
    socket.emit("count", &2).unwrap();
    assert_eq!(came.next().await, 2);
}

#[wasm_bindgen_test]
async fn a_handler_may_drop_the_socket() {
    let place = Place::default();
    let (socket, mut heard) = connect("/echo", hasty());
    let (told, mut came) = tell();
    socket
        .on::<u32>("count", {
            let (place, told) = (place.clone(), told.clone());
            move |socket, _| {
                drop(place.take());
                told("first");
                // Its argument may still be used, and does nothing.
                assert!(socket.emit("count", &2).is_err());
                assert!(socket.handle("x", |_, (): ()| async { Ok::<_, String>(()) }).is_err());
                let told = told.clone();
                socket.on::<u32>("count", move |_, _| told("never")).forget();
            }
        })
        .forget();
    socket.on::<u32>("count", move |_, _| told("never")).forget();
    socket.emit("count", &1).unwrap();
    place.replace(Some(socket));
    assert_eq!(came.next().await, "first");
    assert!(came.is_gone().await);
    while !heard.is_gone().await {}
}

#[wasm_bindgen_test]
async fn a_forgotten_subscription_lasts_as_long_as_the_socket() {
    let (socket, mut heard) = connect("/echo", hasty());
    let held = Rc::new(());
    let (told, mut came) = tell();
    socket
        .on::<u32>("count", {
            let held = held.clone();
            move |_, count| {
                let _held = &held;
                told(count);
            }
        })
        .forget();
    for count in 0..3 {
        heard.open().await;
        socket.emit("count", &count).unwrap();
        assert_eq!(came.next().await, count);
        socket.reconnect();
        heard.dropped().await;
    }
    heard.open().await;
    socket.close();
    heard.close().await;
    assert_eq!(Rc::strong_count(&held), 2, "the socket may reconnect");
    drop(socket);
    assert_eq!(Rc::strong_count(&held), 1);
    assert!(came.is_gone().await);
}

#[wasm_bindgen_test]
async fn a_subscription_holds_after_a_close_and_a_reconnect() {
    let (socket, mut heard) = connect("/echo", hasty());
    let (told, mut came) = tell();
    let _counts = socket.on::<u32>("count", move |_, count| told(count));
    heard.open().await;
    socket.close();
    heard.close().await;
    socket.reconnect();
    heard.open().await;
    socket.emit("count", &1).unwrap();
    assert_eq!(came.next().await, 1);
}

#[wasm_bindgen_test]
async fn a_subscription_may_outlive_its_socket() {
    let (socket, heard) = connect("/echo", hasty());
    let held = Rc::new(());
    let subscription = socket.on::<Value>("any", {
        let held = held.clone();
        move |_, _| drop(held.clone())
    });
    drop((socket, heard));
    assert_eq!(Rc::strong_count(&held), 1);
    drop(subscription);
}

#[wasm_bindgen_test]
async fn ten_thousand_subscriptions_leave_nothing() {
    let (socket, mut heard) = connect("/echo", hasty());
    heard.open().await;
    let held = Rc::new(());
    let subscribe = || {
        let some: Vec<_> = (0..10_000)
            .map(|number: u32| {
                let held = held.clone();
                socket.on::<u32>(&format!("type {}", number % 100), move |_, _| drop(held.clone()))
            })
            .collect();
        assert_eq!(Rc::strong_count(&held), 10_001);
        drop(some);
        assert_eq!(Rc::strong_count(&held), 1);
    };
    subscribe();
    let memory = memory();
    for _ in 0..5 {
        subscribe();
    }
    assert_eq!(self::memory(), memory, "of the WebAssembly memory, in bytes");
    socket.emit("type 1", &1).unwrap();
    assert_eq!(heard.text().await, r#"{"type":"type 1","data":1}"#);
}

#[wasm_bindgen_test]
async fn sockets_with_handlers_leave_nothing() {
    let held = Rc::new(());
    for _ in 0..100 {
        let (socket, mut heard) = connect("/echo", hasty());
        for _ in 0..10 {
            let held = held.clone();
            socket.on::<u32>("count", move |_, _| drop(held.clone())).forget();
        }
        let request = socket.request::<Value>("asked", &());
        let stream = socket.messages::<Value>("count");
        drop(socket);
        assert!(heard.is_gone().await);
        drop((request, stream));
    }
    assert_eq!(Rc::strong_count(&held), 1);
    pause().await;
}

#[wasm_bindgen_test]
async fn what_a_handler_holds_may_do_anything_when_it_is_dropped() {
    /// Subscribes, emits and closes when it is dropped.
    struct Unruly(Rc<Socket>);

    impl Drop for Unruly {
        fn drop(&mut self) {
            self.0.on::<u32>("more", |_, _| ()).forget();
            self.0.emit("more", &1).unwrap();
            self.0.close();
        }
    }

    let (socket, mut heard) = connect("/echo", hasty());
    heard.open().await;
    let socket = Rc::new(socket);
    let unruly = Unruly(socket.clone());
    let subscription = socket.on::<u32>("count", move |_, _| {
        let _unruly = &unruly;
    });
    drop(subscription);
    assert_eq!(socket.state(), State::Closing);
    assert!(matches!(heard.until(|event| matches!(event, Event::Close(_))).await, (_, Event::Close(_))));
}

#[wasm_bindgen_test]
async fn a_handler_that_throws_stops_nobody_else() {
    let (socket, mut heard) = connect("/echo", hasty());
    heard.open().await;
    let (told, mut came) = tell();
    let throws = socket.on::<u32>("count", |_, _| wasm_bindgen::throw_str("as a handler may"));
    let counts = socket.on::<u32>("count", move |_, count| told(count));
    for count in 0..2 {
        socket.emit("count", &count).unwrap();
        assert_eq!(came.next().await, count);
    }
    drop((throws, counts));
    assert!(came.is_gone().await);
}
