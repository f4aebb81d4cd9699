//! What a connection has yet to say.

use alloc::collections::LinkedList;

use crate::core::Output;

#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) struct Agenda<M> {
    /// What is to be done outside. It goes before all that the user is told, so that a user who acts on what was told
    /// finds it done: a dial that was still to come would follow the `close` of its own `statechange`.
    acts: LinkedList<Output<M>>,
    /// What the user is to be told, asked or given back.
    tells: LinkedList<Output<M>>,
}

impl<M> Agenda<M> {
    pub(super) fn new() -> Self {
        Self { acts: LinkedList::new(), tells: LinkedList::new() }
    }

    pub(super) fn pop(&mut self) -> Option<Output<M>> {
        self.acts.pop_front().or_else(|| self.tells.pop_front())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.acts.is_empty() && self.tells.is_empty()
    }

    /// How many messages it has yet to hand back.
    pub(super) fn returns(&self) -> usize {
        self.tells.iter().filter(|output| matches!(output, Output::Return(..))).count()
    }

    /// Not inlined: its two dozen copies would be shipped.
    #[inline(never)]
    pub(super) fn push(&mut self, output: Output<M>) {
        let queue = match output {
            Output::Dial(_) | Output::HangUp(_) | Output::Transmit(_) | Output::Ping | Output::Session(_) => {
                &mut self.acts
            }
            Output::Consult(..) | Output::Notify(_) | Output::Return(..) => &mut self.tells,
        };
        queue.push_back(output);
    }
}
