//! What the session manager asks of a session's task.

use std::mem::take;
use std::task::{Context, Poll, Waker};

use parking_lot::Mutex;

use crate::budget::MakeRoom;
use crate::incoming::ResumeRequest;

/// The requests that the task has yet to collect.
#[derive(Default)]
pub(crate) struct Collected {
    pub(crate) resumes: Vec<ResumeRequest>,
    /// The session is to make room for another one.
    pub(crate) evict: bool,
    /// The app has ended all sessions of this user.
    pub(crate) revoke: bool,
    /// The server shuts down.
    pub(crate) shutdown: bool,
    /// A message was forwarded to the session, or may have been.
    pub(crate) forwarded: bool,
}

impl Collected {
    pub(crate) fn is_empty(&self) -> bool {
        self.resumes.is_empty() && !self.evict && !self.revoke && !self.shutdown && !self.forwarded
    }
}

#[derive(Default)]
pub(crate) struct Requests(Mutex<State>);

#[derive(Default)]
struct State {
    pending: Collected,
    /// Whether the session has left its slot: nobody collects resume requests any more.
    closed: bool,
    task: Option<Waker>,
}

impl Requests {
    // The session manager's side.

    /// Leaves a resume request, or hands it back if the session has left its slot.
    pub(crate) fn resume(&self, request: ResumeRequest) -> Result<(), Box<ResumeRequest>> {
        let mut state = self.0.lock();
        if state.closed {
            return Err(Box::new(request));
        }
        state.pending.resumes.push(request);
        state.wake();
        Ok(())
    }

    pub(crate) fn evict(&self) {
        let mut state = self.0.lock();
        state.pending.evict = true;
        state.wake();
    }

    pub(crate) fn revoke(&self) {
        let mut state = self.0.lock();
        state.pending.revoke = true;
        state.wake();
    }

    pub(crate) fn shut_down(&self) {
        let mut state = self.0.lock();
        state.pending.shutdown = true;
        state.wake();
    }

    pub(crate) fn look_for_forwarded(&self) {
        let mut state = self.0.lock();
        state.pending.forwarded = true;
        state.wake();
    }

    // The task's side.

    pub(crate) fn collect(&self) -> Collected {
        take(&mut self.0.lock().pending)
    }

    /// Has the task woken by the next request, unless there is one already.
    pub(crate) fn sleep(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.0.lock();
        if !state.pending.is_empty() {
            return Poll::Ready(());
        }
        match &mut state.task {
            Some(task) => task.clone_from(context.waker()),
            None => state.task = Some(context.waker().clone()),
        }
        Poll::Pending
    }

    /// Takes no resume requests from now on. Returns those that are not collected.
    #[must_use]
    pub(crate) fn close(&self) -> Vec<ResumeRequest> {
        let mut state = self.0.lock();
        state.closed = true;
        take(&mut state.pending.resumes)
    }
}

impl MakeRoom for Requests {
    fn make_room(&self) {
        self.evict();
    }
}

impl State {
    fn wake(&mut self) {
        if let Some(task) = self.task.take() {
            task.wake();
        }
    }
}
