//! What std would bring to the npm build, as small as it gets.

#![expect(unsafe_code, reason = "an allocator hands out memory")]

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32;
use core::cell::Cell;
use core::ptr::null_mut;

/// Blocks are powers of two, and a freed one waits for the next of its size. What the core keeps is few and of few
/// sizes (a line, and rings that double), so nothing is lost by never joining blocks, and there is less to ship than
/// of a general allocator.
struct Blocks {
    /// For each power of two the first free block, each of which holds the next.
    free: [Cell<usize>; 32],
    /// Where untouched memory begins.
    top: Cell<usize>,
}

const PAGE: usize = 1 << 16;

/// What no type in here wants more than.
const ALIGN: usize = 16;

// SAFETY: the npm build has one thread; without atomics in its target, wasm has no other.
unsafe impl Sync for Blocks {}

// SAFETY: `alloc` returns memory that is untouched or was freed with the same power of two, aligned to
// that power or to `ALIGN`.
unsafe impl GlobalAlloc for Blocks {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let power = power(layout);
        let free = &self.free[power & 31];
        let block = free.get();
        if block != 0 {
            // SAFETY: a free block is at least a word, and its word was written by `dealloc`.
            free.set(unsafe { *(block as *const usize) });
            return block as *mut u8;
        }
        let size = 1usize << power;
        let end = wasm32::memory_size(0) * PAGE;
        let top = if self.top.get() == 0 { end } else { self.top.get() };
        let align = size.min(ALIGN);
        let start = (top + align - 1) & !(align - 1);
        let missing = (start + size).saturating_sub(end).div_ceil(PAGE);
        if missing > 0 && wasm32::memory_grow(0, missing) == usize::MAX {
            return null_mut();
        }
        self.top.set(start + size);
        start as *mut u8
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let free = &self.free[power(layout) & 31];
        // SAFETY: the block came from `alloc`, which made it at least a word, and nobody uses it any more.
        unsafe { *block.cast::<usize>() = free.get() };
        free.set(block as usize);
    }
}

/// The power of two of a block that holds the layout.
fn power(layout: Layout) -> usize {
    let size = layout.size().max(layout.align()).max(size_of::<usize>());
    (usize::BITS - (size - 1).leading_zeros()) as usize
}

#[global_allocator]
static ALLOCATOR: Blocks = Blocks { free: [const { Cell::new(0) }; 32], top: Cell::new(0) };

/// Nothing that a page, a server or a caller does gets here. What is left are the checks that the compiler can't
/// prove superfluous, and these need no text.
#[panic_handler]
fn trap(_: &core::panic::PanicInfo<'_>) -> ! {
    wasm32::unreachable()
}
