//! What the world drives: the real core, or one that was broken on purpose.

use undrop::core::{Config, Connection, Epoch, Millis, Output, Refusal, Signal, State, Stats, Verdict};

/// All of [`Connection`] that a driver uses.
pub trait Subject: Clone + Eq {
    fn poll(&mut self) -> Option<Output<u64>>;
    fn is_drained(&self) -> bool;
    fn poll_timeout(&self) -> Option<Millis>;
    fn is_writable(&self) -> bool;
    fn state(&self) -> State;
    fn epoch(&self) -> Epoch;
    fn queued(&self) -> u64;
    fn stats(&self) -> Stats;
    fn withdraw(&mut self, index: usize) -> Option<u64>;
    fn tell(&mut self, now: Millis, input: Input) -> Result<(), Refusal>;
}

/// All that a connection can be told.
#[derive(Clone, Copy, Debug)]
pub enum Input {
    Opened(Epoch),
    Message(Epoch, u64),
    Reply(Epoch),
    Ending(Epoch),
    Error(Epoch),
    Closed(Epoch, u16, bool),
    NoUrl(Epoch),
    Signal(Signal),
    Timeout,
    Send(u64, u64),
    Sent(u64),
    Close,
    CloseUnanswered,
    Reconnect,
    GiveUp,
    Verdict(Epoch, Verdict),
}

impl Input {
    /// The dial that it comes from, if it comes from one.
    pub fn epoch(self) -> Option<Epoch> {
        match self {
            Input::Opened(epoch)
            | Input::Message(epoch, _)
            | Input::Reply(epoch)
            | Input::Ending(epoch)
            | Input::Error(epoch)
            | Input::Closed(epoch, ..)
            | Input::NoUrl(epoch) => Some(epoch),
            _ => None,
        }
    }
}

pub fn real(config: Config, now: Millis, seed: u64) -> Connection<u64> {
    Connection::new(config, now, seed)
}

impl Subject for Connection<u64> {
    fn poll(&mut self) -> Option<Output<u64>> {
        Connection::poll(self)
    }

    fn is_drained(&self) -> bool {
        Connection::is_drained(self)
    }

    fn poll_timeout(&self) -> Option<Millis> {
        Connection::poll_timeout(self)
    }

    fn is_writable(&self) -> bool {
        Connection::is_writable(self)
    }

    fn state(&self) -> State {
        Connection::state(self)
    }

    fn epoch(&self) -> Epoch {
        Connection::epoch(self)
    }

    fn queued(&self) -> u64 {
        Connection::queued(self)
    }

    fn stats(&self) -> Stats {
        *Connection::stats(self)
    }

    fn withdraw(&mut self, index: usize) -> Option<u64> {
        Connection::withdraw(self, index)
    }

    fn tell(&mut self, now: Millis, input: Input) -> Result<(), Refusal> {
        match input {
            Input::Opened(epoch) => self.handle_opened(now, epoch),
            Input::Message(epoch, bytes) => self.handle_message(epoch, bytes),
            Input::Reply(epoch) => self.handle_reply(now, epoch),
            Input::Ending(epoch) => self.handle_ending(epoch),
            Input::Error(epoch) => self.handle_error(epoch),
            Input::Closed(epoch, code, clean) => self.handle_closed(now, epoch, code, clean),
            Input::NoUrl(epoch) => self.handle_no_url(now, epoch),
            Input::Signal(signal) => self.handle_signal(now, signal),
            Input::Timeout => self.handle_timeout(now),
            Input::Send(message, bytes) => return self.send(now, message, bytes),
            Input::Sent(bytes) => self.handle_sent(bytes),
            Input::Close => self.close(now),
            Input::CloseUnanswered => self.close_unanswered(now),
            Input::Reconnect => self.reconnect(now),
            Input::GiveUp => self.give_up(),
            Input::Verdict(epoch, verdict) => self.handle_verdict(now, epoch, verdict),
        }
        Ok(())
    }
}
