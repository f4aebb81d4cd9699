//! A cell whose content is lent for the length of one call.

#[cfg(debug_assertions)]
use core::cell::Cell;
use core::cell::UnsafeCell;

/// Like a `RefCell` for content that is only ever lent to closures that call nothing that calls back, and so are never called
/// within one another. `RefCell` checks that at run time, and what it would say, or the branches for not saying it,
/// would be shipped. Here builds with debug assertions check it.
pub(super) struct Lent<T> {
    content: UnsafeCell<T>,
    #[cfg(debug_assertions)]
    is_lent: Cell<bool>,
}

impl<T> Lent<T> {
    pub(super) fn new(content: T) -> Self {
        Self {
            content: UnsafeCell::new(content),
            #[cfg(debug_assertions)]
            is_lent: Cell::new(false),
        }
    }

    #[expect(unsafe_code, reason = "see the type")]
    pub(super) fn with<R>(&self, call: impl FnOnce(&mut T) -> R) -> R {
        #[cfg(debug_assertions)]
        assert!(!self.is_lent.replace(true), "lent twice");
        // SAFETY: this is the only access through a shared reference, the cell is not `Sync`, and no call of `with`
        // is made within another: what is passed to it calls the core, clones, or asks for the time, and nothing else.
        let answer = call(unsafe { &mut *self.content.get() });
        #[cfg(debug_assertions)]
        self.is_lent.set(false);
        answer
    }
}
