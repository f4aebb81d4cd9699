//! What std would bring to the npm build, in a few hundred bytes instead of several thousand.

use talc::wasm::{WasmDynamicTalc, new_wasm_dynamic_allocator};

#[global_allocator]
static ALLOCATOR: WasmDynamicTalc = new_wasm_dynamic_allocator();

/// Nothing that a page, a server or a caller does gets here. What is left are the checks that the compiler can't
/// prove superfluous, and these need no text.
#[panic_handler]
fn trap(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
