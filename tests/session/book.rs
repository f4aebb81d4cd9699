//! The record of every message of one direction, and the judgement.

use std::collections::VecDeque;

use undrop::core::outbox::{Bounds, Fate, Returned, Ticket};

use super::law::{Crime, Law, Verdict};
use super::mail::Mail;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum End {
    /// None yet.
    Held,
    Acknowledged,
    Returned(Fate),
    /// The server that had sent it was killed, and had not stored it.
    Killed,
}

#[derive(Clone, Debug)]
struct Entry {
    /// Of which session it is, at the end that sent it. A guest has the same end for all.
    session: usize,
    mail: Mail,
    expires: Option<u64>,
    end: End,
    arrived: bool,
}

/// All messages of one direction.
#[derive(Default)]
pub struct Book {
    entries: Vec<Entry>,
    /// The last message that arrived, by the session at the end that received it.
    last: Vec<Option<u32>>,
    pub delivered: u64,
    pub returned: [u64; 4],
}

/// What an end has sent, by the name that it has for it.
#[derive(Clone, Default)]
pub struct Pending {
    sent: VecDeque<(Ticket, Mail)>,
}

impl Book {
    pub fn next(&self, bytes: u32) -> Mail {
        Mail { id: self.entries.len() as u32, bytes }
    }

    pub fn sent(&mut self, session: usize, mail: Mail, expires: Option<u64>) {
        self.entries.push(Entry { session, mail, expires, end: End::Held, arrived: false });
    }

    /// A message has arrived for good, in this session of the end that received it.
    pub fn arrived(&mut self, at: u64, sender: usize, receiver: usize, id: u32) -> Verdict {
        let Some(entry) = self.entries.get_mut(id as usize) else {
            return Crime::new(Law::I5, at, format!("message {id} came out of nowhere"));
        };
        if entry.session != sender {
            return Crime::new(Law::I5, at, format!("message {id} of session {} came in {sender}", entry.session));
        }
        if entry.arrived {
            return Crime::new(Law::I5, at, format!("message {id} came twice"));
        }
        if let End::Returned(fate @ (Fate::Expired | Fate::Withdrawn | Fate::Unsent)) = entry.end {
            return Crime::new(Law::I6, at, format!("message {id} came, and was given back as {fate:?}"));
        }
        entry.arrived = true;
        self.delivered += 1;
        if self.last.len() <= receiver {
            self.last.resize(receiver + 1, None);
        }
        let last = self.last[receiver].replace(id);
        if last.is_some_and(|last| last > id) {
            return Crime::new(Law::I5, at, format!("message {id} came after {last:?}"));
        }
        let Some(last) = last else { return Ok(()) };
        let between = self.entries[last as usize + 1..id as usize].iter();
        let skipped = between.filter(|entry| entry.session == sender);
        for entry in skipped {
            if matches!(entry.end, End::Held | End::Acknowledged) && !entry.arrived {
                return Crime::new(Law::I5, at, format!("message {id} came, and {} did not", entry.mail.id));
            }
        }
        Ok(())
    }

    /// The end that sent them says that all up to this ticket have been taken.
    pub fn acknowledged(&mut self, at: u64, pending: &mut Pending, delivered: Ticket) -> Verdict {
        while let Some((ticket, mail)) = pending.sent.front().copied().filter(|(ticket, _)| *ticket <= delivered) {
            pending.sent.pop_front();
            self.end(at, mail.id, End::Acknowledged)?;
            if !self.entries[mail.id as usize].arrived {
                return Crime::new(
                    Law::I6,
                    at,
                    format!("message {} was acknowledged as {ticket:?}, not taken", mail.id),
                );
            }
        }
        Ok(())
    }

    pub fn returned(&mut self, at: u64, pending: &mut Pending, returned: &Returned<Mail>) -> Verdict {
        let id = returned.message.id;
        let Some(index) = pending.sent.iter().position(|(ticket, _)| *ticket == returned.ticket) else {
            return Crime::new(Law::I6, at, format!("message {id} was given back, and had ended before"));
        };
        if pending.sent.remove(index).is_none_or(|(_, mail)| mail != returned.message) {
            return Crime::new(Law::I6, at, format!("message {id} was given back under the name of another"));
        }
        self.returned[returned.fate as usize] += 1;
        self.end(at, id, End::Returned(returned.fate))?;
        let entry = &self.entries[id as usize];
        if entry.arrived && returned.fate != Fate::Lost {
            return Crime::new(Law::I6, at, format!("message {id} was given back as {:?}, and came", returned.fate));
        }
        if returned.fate == Fate::Expired && entry.expires.is_none_or(|expires| at < expires) {
            return Crime::new(Law::I6, at, format!("message {id} expired too early"));
        }
        Ok(())
    }

    /// Nobody knows any more of what this session had sent.
    pub fn killed(&mut self, session: usize) {
        for entry in &mut self.entries {
            if entry.session == session && entry.end == End::Held {
                entry.end = End::Killed;
            }
        }
    }

    /// To be called when it is given to a line.
    pub fn transmitted(&self, at: u64, id: u32) -> Verdict {
        match self.entries[id as usize].end {
            End::Held => Ok(()),
            end => Crime::new(Law::I6, at, format!("message {id} left, and was {end:?}")),
        }
    }

    /// The end that sent it has died since it was acknowledged, and had not stored that it was.
    pub fn forgotten(&mut self, id: u32) {
        let entry = &mut self.entries[id as usize];
        if entry.end == End::Acknowledged {
            entry.end = End::Held;
        }
    }

    /// To be called when nothing more happens.
    pub fn close(&self, at: u64) -> Verdict {
        match self.entries.iter().find(|entry| entry.end == End::Held) {
            Some(entry) => Crime::new(Law::I6, at, format!("message {} has no end", entry.mail.id)),
            None => Ok(()),
        }
    }

    fn end(&mut self, at: u64, id: u32, end: End) -> Verdict {
        let entry = &mut self.entries[id as usize];
        if entry.end != End::Held {
            return Crime::new(Law::I6, at, format!("message {id} was {:?}, and is {end:?}", entry.end));
        }
        entry.end = end;
        Ok(())
    }
}

impl Pending {
    pub fn sent(&mut self, ticket: Ticket, mail: Mail) {
        self.sent.push_back((ticket, mail));
    }

    pub fn last(&self) -> Option<Ticket> {
        self.sent.back().map(|(ticket, _)| *ticket)
    }

    /// Memory is bounded, and nothing is refused that fits.
    pub fn check(&self, at: u64, bounds: Bounds, refused: Option<u32>) -> Verdict {
        let bytes: u64 = self.sent.iter().map(|(_, mail)| u64::from(mail.bytes)).sum();
        let messages = self.sent.len() as u64;
        let (messages_left, bytes_left) =
            (u64::from(bounds.messages).checked_sub(messages), bounds.bytes.checked_sub(bytes));
        match (messages_left, bytes_left, refused) {
            (Some(1..), Some(left), Some(size)) if left >= u64::from(size) => Crime::new(
                Law::I7,
                at,
                format!("{size} bytes were refused beside {messages} messages of {bytes} bytes"),
            ),
            (Some(_), Some(_), _) => Ok(()),
            _ => Crime::new(Law::I7, at, format!("{messages} messages of {bytes} bytes are held")),
        }
    }
}
