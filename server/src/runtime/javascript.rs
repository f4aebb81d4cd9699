//! A JavaScript runtime: Node, Bun or Deno. It has one thread, and everything here stays on it.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::mem::{replace, take};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use js_sys::Function;
use send_wrapper::SendWrapper;
use wasm_bindgen::prelude::*;
pub(crate) use web_time::Instant;

/// The longest timer of JavaScript. <https://html.spec.whatwg.org/multipage/timers-and-user-prompts.html#timers>
const LONGEST: u128 = (1 << 31) - 1;

/// Has a future polled until it is done.
pub(crate) fn spawn(future: impl Future<Output = ()> + 'static) {
    wasm_bindgen_futures::spawn_local(future);
}

/// A timer, which keeps no process alive that has nothing else to do: a session without a connection has one for minutes.
pub(crate) struct Sleep {
    deadline: Instant,
    timer: Option<SendWrapper<Timer>>,
}

pub(crate) fn sleep_until(deadline: Instant) -> Sleep {
    Sleep { deadline, timer: None }
}

pub(crate) fn sleep(span: Duration) -> Sleep {
    sleep_until(Instant::now() + span)
}

impl Sleep {
    pub(crate) fn reset(mut self: Pin<&mut Self>, deadline: Instant) {
        *self = sleep_until(deadline);
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        // The clock is not read for a timer that runs.
        if let Some(timer) = self.timer.as_ref().filter(|timer| !timer.rang.get()) {
            timer.wake(context);
            return Poll::Pending;
        }
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            self.timer = None;
            return Poll::Ready(());
        }
        // One that rang was the longest there is, or rang too early.
        let timer = self.timer.insert(SendWrapper::new(Timer::new(left)));
        timer.wake(context);
        Poll::Pending
    }
}

/// A timer of JavaScript.
struct Timer {
    handle: JsValue,
    rang: Rc<Cell<bool>>,
    waker: Rc<RefCell<Option<Waker>>>,
    _callback: Closure<dyn FnMut()>,
}

impl Timer {
    fn new(left: Duration) -> Self {
        let (rang, waker) = (Rc::<Cell<bool>>::default(), Rc::<RefCell<Option<Waker>>>::default());
        let callback = Closure::once({
            let (rang, waker) = (rang.clone(), waker.clone());
            move || {
                rang.set(true);
                let waker = waker.take();
                waker.into_iter().for_each(Waker::wake);
            }
        });
        // Rounded up, or the timer would ring a little too early.
        let millis = left.as_nanos().div_ceil(1_000_000).min(LONGEST) as u32;
        let handle = set_timeout(callback.as_ref().unchecked_ref(), millis);
        // In Deno it is a number.
        let _ = handle.unchecked_ref::<TimerHandle>().unref();
        Self { handle, rang, waker, _callback: callback }
    }

    /// Wakes this task when it rings, and no other.
    fn wake(&self, context: &Context<'_>) {
        let mut waker = self.waker.borrow_mut();
        match &mut *waker {
            Some(waker) => waker.clone_from(context.waker()),
            None => *waker = Some(context.waker().clone()),
        }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        clear_timeout(&self.handle);
    }
}

/// The time was up.
#[derive(Debug)]
pub(crate) struct Elapsed;

impl std::fmt::Display for Elapsed {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("deadline has elapsed")
    }
}

impl std::error::Error for Elapsed {}

pub(crate) async fn timeout_at<F: Future>(deadline: Instant, future: F) -> Result<F::Output, Elapsed> {
    let (mut future, mut alarm) = (pin!(future), pin!(sleep_until(deadline)));
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Ok(output)),
        Poll::Pending => alarm.as_mut().poll(context).map(|()| Err(Elapsed)),
    })
    .await
}

pub(crate) fn timeout<F: Future>(span: Duration, future: F) -> impl Future<Output = Result<F::Output, Elapsed>> {
    timeout_at(Instant::now() + span, future)
}

/// Lets everything else that is due run first.
pub(crate) async fn yield_now() {
    let mut turn = HandlerTurn::new();
    turn.begin();
    poll_fn(|context| turn.poll(context)).await;
}

/// Whether the handler of a session has had its turn since it was given a message. It is JavaScript that waits for a promise, so
/// it has when all promises that are resolved by then have run.
pub(crate) struct HandlerTurn {
    /// The turn of the runtime in which it was given one.
    given: Option<u64>,
    /// Whether its task, which is always the same, waits for the end of that turn.
    is_waiting: bool,
}

/// The turns of the runtime, counted as far as somebody waits for their ends. One callback for each is enough for all sessions.
#[derive(Default)]
struct Turns {
    number: u64,
    waiting: Vec<Waker>,
    is_scheduled: bool,
}

/// The number of the present turn, as far as turns are counted.
pub(crate) fn turn() -> u64 {
    TURNS.with_borrow(|turns| turns.number)
}

thread_local! {
    static TURNS: RefCell<Turns> = RefCell::default();
    static END_TURN: Closure<dyn Fn()> = Closure::new(end_turn);
}

fn end_turn() {
    let waiting = TURNS.with_borrow_mut(|turns| {
        turns.number += 1;
        turns.is_scheduled = false;
        take(&mut turns.waiting)
    });
    waiting.into_iter().for_each(Waker::wake);
}

impl HandlerTurn {
    pub(crate) const fn new() -> Self {
        Self { given: None, is_waiting: false }
    }

    /// The handler was given a message.
    pub(crate) fn begin(&mut self) {
        TURNS.with_borrow_mut(|turns| {
            if self.given == Some(turns.number) {
                return;
            }
            *self = Self { given: Some(turns.number), is_waiting: false };
            if !replace(&mut turns.is_scheduled, true) {
                END_TURN.with(|end| set_immediate(end.as_ref().unchecked_ref()));
            }
        });
    }

    /// Whether the handler has had its turn. If not, the task is woken when it has.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Some(given) = self.given else { return Poll::Ready(()) };
        TURNS.with_borrow_mut(|turns| {
            if turns.number > given {
                *self = Self::new();
                return Poll::Ready(());
            }
            if !replace(&mut self.is_waiting, true) {
                turns.waiting.push(context.waker().clone());
            }
            Poll::Pending
        })
    }
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setImmediate)]
    fn set_immediate(callback: &Function);

    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &Function, millis: u32) -> JsValue;

    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(timer: &JsValue);

    type TimerHandle;

    #[wasm_bindgen(method, catch)]
    fn unref(this: &TimerHandle) -> Result<JsValue, JsValue>;
}
