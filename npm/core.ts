// What the Rust crate exports to JavaScript: see `src/js/mod.rs`. The types are wasm-bindgen's.

import type * as Session from '#wasm/session';

type OnlyWithSessions = 'closeSession' | 'escape' | 'escapedFrame' | 'protocol';

/** The functions of one of the two WebAssembly modules; only the larger one keeps sessions. */
export type Core = Omit<typeof Session, OnlyWithSessions | 'default' | 'initSync'> &
  Partial<Pick<typeof Session, OnlyWithSessions>>;
