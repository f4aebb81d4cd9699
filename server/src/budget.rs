//! Budgets of bytes that all sessions share, so that nobody takes what is everybody's.
//!
//! Each owner (a user, or the address of anonymous clients) has a share. When the whole is used up, the owner who has most of
//! it makes room: the session that takes most of that loses its place.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use undrop_proto::server::Amount;

use crate::allowance::network;
use crate::metrics::Gauge;
use crate::principal::Principal;
use crate::turns::Turns;

/// What a message takes of a budget beside its bytes: its places in the session and in the store. A flood of tiny messages is
/// bounded by this.
pub(crate) const MESSAGE: u64 = 256;

/// What messages take of a budget.
pub(crate) fn cost(Amount { messages, bytes }: Amount) -> u64 {
    bytes + messages as u64 * MESSAGE
}

/// What has a part of a budget, and can be told to give it back.
pub(crate) trait MakeRoom: Send + Sync {
    fn make_room(&self);
}

/// Whose limits a connection or a session counts against.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Owner {
    User(Arc<str>),
    Address(IpAddr),
    /// An anonymous client whose address the app does not tell. All of them count as one.
    Unknown,
}

impl Owner {
    pub(crate) fn of(principal: &Principal, address: Option<IpAddr>) -> Self {
        match (principal, address) {
            (Principal::User(id), _) => Owner::User(id.clone()),
            (Principal::Anonymous, Some(address)) => Owner::Address(network(address)),
            (Principal::Anonymous, None) => Owner::Unknown,
        }
    }
}

/// A number of bytes that all sessions share.
pub(crate) struct Budget {
    /// How many there are.
    whole: u64,
    /// How many one owner may have.
    share: u64,
    used: Gauge,
    accounts: Mutex<BTreeMap<Owner, Weak<Account>>>,
}

/// What one owner has of a budget.
struct Account {
    budget: Arc<Budget>,
    owner: Owner,
    /// How much this owner may have.
    share: u64,
    used: AtomicU64,
    purses: Mutex<Vec<Weak<Purse>>>,
    turns: Arc<Turns>,
}

/// What one session has of a budget. It is given back when this is dropped.
pub(crate) struct Purse {
    account: Arc<Account>,
    used: AtomicU64,
    /// How the session is told to make room, unless there is none yet.
    session: Option<Weak<dyn MakeRoom>>,
}

impl Budget {
    /// So many bytes, of which one owner may have so many. The gauge shows how many are in use.
    pub(crate) fn new(whole: usize, share: usize, used: Gauge) -> Arc<Self> {
        let (whole, share) = (whole as u64, share.min(whole) as u64);
        Arc::new(Self { whole, share, used, accounts: Mutex::default() })
    }

    /// How many bytes are in use.
    pub(crate) fn used(&self) -> u64 {
        self.used.get()
    }

    /// Opens what one session of this owner has of the budget.
    pub(crate) fn open(self: &Arc<Self>, owner: &Owner, session: Option<Arc<dyn MakeRoom>>) -> Arc<Purse> {
        let account = self.account(owner);
        let purse = Arc::new(Purse {
            account: account.clone(),
            used: AtomicU64::new(0),
            session: session.as_ref().map(Arc::downgrade),
        });
        if purse.session.is_some() {
            account.purses.lock().push(Arc::downgrade(&purse));
        }
        purse
    }

    fn account(self: &Arc<Self>, owner: &Owner) -> Arc<Account> {
        let mut accounts = self.accounts.lock();
        if let Some(account) = accounts.get(owner).and_then(Weak::upgrade) {
            return account;
        }
        // Those who can't be told apart have the whole.
        let share = if *owner == Owner::Unknown { self.whole } else { self.share };
        let account = Arc::new(Account {
            budget: self.clone(),
            owner: owner.clone(),
            share,
            used: AtomicU64::new(0),
            purses: Mutex::default(),
            turns: Arc::default(),
        });
        accounts.insert(owner.clone(), Arc::downgrade(&account));
        account
    }

    /// Has the owner who uses most make room, and says whether that is another than this one.
    fn make_room(&self, asks: &Account) -> bool {
        let accounts: Vec<_> = self.accounts.lock().values().filter_map(Weak::upgrade).collect();
        let largest = accounts.iter().max_by_key(|account| account.used.load(Relaxed));
        let Some(largest) = largest.filter(|largest| largest.owner != asks.owner) else { return false };
        if largest.used.load(Relaxed) <= asks.used.load(Relaxed) {
            return false;
        }
        let purses: Vec<_> = largest.purses.lock().iter().filter_map(Weak::upgrade).collect();
        let fullest = purses.iter().max_by_key(|purse| purse.used.load(Relaxed));
        let session = fullest.and_then(|purse| purse.session.as_ref()?.upgrade());
        session.is_some_and(|session| {
            session.make_room();
            true
        })
    }
}

impl Purse {
    /// Takes so many bytes, if this owner's share and the whole have as many left. Where only the whole has not, and others use
    /// more, they make room, and it may work in a moment.
    pub(crate) fn take(&self, bytes: u64) -> bool {
        let Account { budget, used, share, .. } = &*self.account;
        // Added before it is compared, so that many sessions at once do not all find the same room.
        let of_owner = used.fetch_add(bytes, Relaxed) + bytes;
        let of_all = budget.used.add(bytes);
        self.used.fetch_add(bytes, Relaxed);
        if of_owner <= *share && of_all <= budget.whole {
            return true;
        }
        if of_owner <= *share && budget.make_room(&self.account) {
            // What is evicted is given back in a moment. Until then the whole is exceeded by what this owner may have.
            return true;
        }
        self.give_back(bytes);
        false
    }

    /// Takes so many bytes that are there already, whatever is left.
    pub(crate) fn add(&self, bytes: u64) {
        let Account { budget, used, .. } = &*self.account;
        used.fetch_add(bytes, Relaxed);
        budget.used.add(bytes);
        self.used.fetch_add(bytes, Relaxed);
    }

    pub(crate) fn give_back(&self, bytes: u64) {
        let Account { budget, used, .. } = &*self.account;
        used.fetch_sub(bytes, Relaxed);
        budget.used.subtract(bytes);
        self.used.fetch_sub(bytes, Relaxed);
    }

    /// Sets how many bytes are taken, whatever is left.
    pub(crate) fn set(&self, bytes: u64) {
        let used = self.used.load(Relaxed);
        if bytes >= used { self.add(bytes - used) } else { self.give_back(used - bytes) }
    }

    /// Whether this owner and all together have less than they may. A quarter of the whole is for those who have little: the
    /// others, however many there are, can't have it.
    pub(crate) fn has_room(&self) -> bool {
        let Account { budget, used, share, .. } = &*self.account;
        let (of_owner, of_all) = (used.load(Relaxed), budget.used());
        if of_owner == 0 || of_owner >= *share {
            return of_owner < *share;
        }
        let reserved = budget.whole / 4;
        if of_all < budget.whole - reserved {
            return true;
        }
        let owners = budget.accounts.lock().len() as u64;
        of_all < budget.whole && of_owner < reserved / owners.max(1)
    }

    pub(crate) fn used(&self) -> u64 {
        self.used.load(Relaxed)
    }

    /// The turns that all sessions of its owner take.
    pub(crate) fn turns(&self) -> Arc<Turns> {
        self.account.turns.clone()
    }
}

impl Drop for Purse {
    fn drop(&mut self) {
        self.give_back(self.used());
        if self.session.is_some() {
            self.account.purses.lock().retain(|purse| purse.strong_count() > 0);
        }
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        let mut accounts = self.budget.accounts.lock();
        // Another may have been opened for the owner since this one had no purse any more.
        if accounts.get(&self.owner).is_some_and(|account| account.strong_count() == 0) {
            accounts.remove(&self.owner);
        }
    }
}

impl fmt::Debug for Budget {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Budget").field("used", &self.used).finish_non_exhaustive()
    }
}

impl fmt::Debug for Purse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Purse").field("used", &self.used).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;

    #[derive(Default)]
    struct Session {
        is_told: AtomicBool,
    }

    impl MakeRoom for Session {
        fn make_room(&self) {
            self.is_told.store(true, Relaxed);
        }
    }

    fn user(name: &str) -> Owner {
        Owner::User(name.into())
    }

    #[test]
    fn nobody_gets_more_than_their_share() {
        let budget = Budget::new(100, 40, Gauge::default());
        let (first, second) = (budget.open(&user("ann"), None), budget.open(&user("ann"), None));
        assert!(first.take(30));
        assert!(!second.take(11));
        assert!(second.take(10));
        assert!(budget.open(&user("bob"), None).take(40));
        assert_eq!(budget.used(), 40);
    }

    #[test]
    fn who_has_little_has_room_when_others_have_used_up_their_part() {
        let budget = Budget::new(1_000, 400, Gauge::default());
        let greedy = ["eve", "eva", "ed"].map(|name| budget.open(&user(name), None));
        let modest = budget.open(&user("ann"), None);
        greedy.iter().for_each(|purse| purse.add(250));
        modest.add(50);
        assert!(greedy.iter().all(|purse| !purse.has_room()));
        assert!(modest.has_room());
        modest.add(20);
        assert!(!modest.has_room());
        // Who has nothing can always begin.
        assert!(budget.open(&user("bob"), None).has_room());
    }

    #[test]
    fn what_is_dropped_is_given_back() {
        let budget = Budget::new(100, 40, Gauge::default());
        drop({
            let purse = budget.open(&user("ann"), None);
            assert!(purse.take(40));
            purse
        });
        assert_eq!(budget.used(), 0);
        assert!(budget.accounts.lock().is_empty());
    }

    #[test]
    fn who_has_most_makes_room_when_the_whole_is_used_up() {
        let budget = Budget::new(100, 60, Gauge::default());
        let sessions: Vec<_> = (0..3).map(|_| Arc::<Session>::default()).collect();
        let greedy = [
            budget.open(&user("eve"), Some(sessions[0].clone())),
            budget.open(&user("eve"), Some(sessions[1].clone())),
        ];
        assert!(greedy[0].take(20) && greedy[1].take(40));
        let other = budget.open(&user("bob"), Some(sessions[2].clone()));
        assert!(other.take(40));
        let late = budget.open(&user("ann"), None);
        assert!(late.take(10));
        let evicted: Vec<_> = sessions.iter().map(|session| session.is_told.load(Relaxed)).collect();
        assert_eq!(evicted, [false, true, false]);
        // Who has most gets nothing more.
        drop(late);
        assert!(!greedy[0].take(1));
    }
}
