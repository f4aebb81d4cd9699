//! What goes to and fro, and what waits to go.

use super::Connection;
use super::losing::ABNORMAL;
use super::mail::Next;
use super::phase::{Ending, Phase};
use crate::core::pulse::Beat;
use crate::core::{Epoch, Fate, Millis, Output, Policy, Refusal};

impl<M: Clone> Connection<M> {
    /// Sends a message, now or when the line is back.
    pub fn send(&mut self, now: Millis, message: M, bytes: u64) -> Result<(), Refusal> {
        #[cfg(feature = "session")]
        if self.session().is_some() {
            return self.post(|| now, message, bytes, None).map(|_| ());
        }
        self.send_outside(now, message, bytes)
    }

    /// The same outside of any session, for who knows that there is none.
    pub(crate) fn send_outside(&mut self, now: Millis, message: M, bytes: u64) -> Result<(), Refusal> {
        match self.phase {
            Phase::Open { ending: false, .. } => {
                self.handle_sent(bytes);
                self.agenda.push(Output::Transmit(message));
            }
            Phase::Closing { .. } | Phase::Leaving { .. } | Phase::Closed => return Err(Refusal::Closed),
            Phase::Open { .. } | Phase::Dialing { .. } | Phase::Waiting { .. } => {
                if self.config.queue.is_none() {
                    return Err(Refusal::NotOpen);
                }
                // The timer whose task this is may be late.
                self.return_expired(now);
                let queue = self.mail.as_queue().ok_or(Refusal::NotOpen)?;
                queue.takes(bytes)?;
                while let Some(oldest) = queue.overflow(bytes) {
                    self.agenda.push(Output::Return(oldest, Fate::Overflow));
                }
                queue.push(now, message, bytes);
            }
        }
        Ok(())
    }

    /// Takes a message back that waits in the queue, counted from the oldest that was not handed back. Nothing if it is
    /// too late: it is about to be.
    pub fn withdraw(&mut self, index: usize) -> Option<M> {
        let index = index.checked_sub(self.agenda.returns())?;
        self.mail.as_queue()?.remove(index)
    }

    /// Whether a message needs no [`send`](Self::send) and may go straight to the socket, to be reported to
    /// [`handle_sent`](Self::handle_sent). Under [`Policy::Never`] the socket itself says what becomes of a message.
    pub fn is_writable(&self) -> bool {
        let is_open = self.is_open() || self.config.policy == Policy::Never && self.config.queue.is_none();
        is_open && self.mail.can_be_passed()
    }

    /// A message went straight to the socket.
    pub fn handle_sent(&mut self, bytes: u64) {
        self.stats.messages_out += 1;
        self.stats.bytes_out += bytes;
    }

    /// A message arrived, outside of any session.
    pub fn handle_message(&mut self, epoch: Epoch, bytes: u64) {
        if epoch != self.epoch || !self.is_hearing() {
            return;
        }
        if let Phase::Open { pulse: Some(pulse), .. } = &mut self.phase {
            pulse.hear();
        }
        self.stats.messages_in += 1;
        self.stats.bytes_in += bytes;
    }

    /// Whether what arrives now is of this line. A socket that was hung up may still have something to say.
    pub fn is_hearing(&self) -> bool {
        matches!(self.phase, Phase::Open { .. } | Phase::Closing { .. })
    }

    /// The reply to a heartbeat arrived.
    pub fn handle_reply(&mut self, now: Millis, epoch: Epoch) {
        if epoch != self.epoch {
            return;
        }
        if let Phase::Open { pulse: Some(pulse), .. } = &mut self.phase
            && let Some(took) = pulse.hear_reply(now)
        {
            self.stats.round_trip.measured(took);
        }
    }

    /// The socket of this dial is about to close: whatever it were given would be lost.
    pub fn handle_ending(&mut self, epoch: Epoch) {
        if let Phase::Open { ending, .. } = &mut self.phase
            && epoch == self.epoch
        {
            *ending = true;
        }
    }

    /// What has waited leaves after the user has heard that the line is open, and has said hello.
    pub(super) fn flush(&mut self) -> Option<Output<M>> {
        match self.mail.next(self.is_open())? {
            Next::Leaves(message, bytes) => {
                self.handle_sent(bytes);
                Some(Output::Transmit(message))
            }
            #[cfg(feature = "session")]
            Next::Output(output) => Some(output),
        }
    }

    /// Whether the socket takes messages.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Open { ending: false, .. })
    }

    pub(super) fn return_expired(&mut self, now: Millis) {
        while let Some((message, fate)) = self.mail.next_expired(now) {
            self.agenda.push(Output::Return(message, fate));
        }
    }

    /// Finds out whether the line is dead.
    pub(super) fn probe(&mut self, now: Millis) {
        self.suspected = Some(now);
        if let Phase::Open { pulse: Some(pulse), .. } = &mut self.phase {
            let beat = pulse.probe(now);
            self.obey(now, beat);
        }
    }

    pub(super) fn obey(&mut self, now: Millis, beat: Beat) {
        match beat {
            Beat::Nothing => {}
            Beat::Ask => {
                let question = self.mail.ping();
                self.agenda.push(question);
            }
            Beat::Dead(cause) => self.lose(now, cause, ABNORMAL, Ending::Broken),
        }
    }
}
