//! What a connection wants done, in order.

use alloc::collections::VecDeque;

use crate::Output;

#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) struct Actions<M, A> {
    /// What is to be done to the native socket. It goes before the notices, so that a user who acts on a notice finds it
    /// done: otherwise a page that closes when the state changes to `connecting` would see the attempt begin after that.
    acts: VecDeque<Output<M, A>>,
    /// What the user is told or asked.
    notices: VecDeque<Output<M, A>>,
}

impl<M, A> Actions<M, A> {
    pub(super) fn new() -> Self {
        Self { acts: VecDeque::new(), notices: VecDeque::new() }
    }

    pub(super) fn pop(&mut self) -> Option<Output<M, A>> {
        self.acts.pop_front().or_else(|| self.notices.pop_front())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.acts.is_empty() && self.notices.is_empty()
    }

    pub(super) fn push(&mut self, output: Output<M, A>) {
        let queue = match output {
            Output::Connect(_)
            | Output::Abandon(_)
            | Output::Authenticate(_)
            | Output::Transmit(_)
            | Output::Ping
            | Output::Session(_) => &mut self.acts,
            Output::Decide(..) | Output::Notify(_) | Output::Settle(_) => &mut self.notices,
        };
        queue.push_back(output);
    }
}
