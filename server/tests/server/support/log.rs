//! What is logged.

use std::collections::HashMap;
use std::fmt::{Debug, Write as _};
use std::sync::{Arc, LazyLock, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{DefaultGuard, set_default};
use tracing::{Dispatch, Event, Metadata, Subscriber};

/// Writes down all that is logged, at every level: a line each, which begins with the level and the target, has the name and the
/// fields of the spans around it, and its own fields.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    text: String,
    spans: HashMap<u64, String>,
    entered: Vec<u64>,
}

impl Log {
    /// Writes down what this thread logs, until the guard is dropped.
    pub fn start() -> (Self, DefaultGuard) {
        // As long as there is one subscriber, tracing asks the thread that comes to an event first whether the event is wanted,
        // and takes the answer for that of all threads: https://github.com/tokio-rs/tracing/issues/3611
        static ANOTHER: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(Log::default()));
        LazyLock::force(&ANOTHER);
        let log = Self::default();
        (log.clone(), set_default(log))
    }

    pub fn text(&self) -> String {
        self.0.lock().unwrap().text.clone()
    }

    /// The lines that contain this.
    pub fn lines(&self, with: &str) -> Vec<String> {
        self.text().lines().filter(|line| line.contains(with)).map(str::to_owned).collect()
    }
}

struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = write!(self.0, "{field}={value:?} ");
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = Fields(format!("{}: ", span.metadata().name()));
        span.record(&mut fields);
        let mut state = self.0.lock().unwrap();
        let id = state.spans.len() as u64 + 1;
        state.spans.insert(id, fields.0);
        Id::from_u64(id)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        let mut fields = Fields(String::new());
        values.record(&mut fields);
        self.0.lock().unwrap().spans.entry(span.into_u64()).or_default().push_str(&fields.0);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields(String::new());
        event.record(&mut fields);
        let mut state = self.0.lock().unwrap();
        let spans: String = state.entered.iter().filter_map(|id| state.spans.get(id)).cloned().collect();
        let (level, target) = (event.metadata().level(), event.metadata().target());
        let _ = writeln!(state.text, "{level} {target} {spans}{}", fields.0);
    }

    fn enter(&self, span: &Id) {
        self.0.lock().unwrap().entered.push(span.into_u64());
    }

    fn exit(&self, span: &Id) {
        let mut state = self.0.lock().unwrap();
        let at = state.entered.iter().rposition(|id| *id == span.into_u64());
        if let Some(at) = at {
            state.entered.remove(at);
        }
    }
}
