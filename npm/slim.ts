import { provide } from './ready.js';

// Where there is no browser there is nothing to load; and a failure is reported by the first `new Undrop`.
const module = await WebAssembly.compileStreaming(fetch(new URL('./undrop.wasm', import.meta.url))).catch(
  (error: unknown) => error,
);

provide(() => {
  if (module instanceof WebAssembly.Module) return module;
  throw module;
});

export type { DropEvent, LostEvent } from './events.js';
export type { Cause, Decide, Drop, Heartbeat, Queue, Retry, UndropOptions } from './options.js';
export { type Given, type State, type Stats, Undrop, Undrop as default } from './undrop.js';
