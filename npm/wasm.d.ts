/** Whether this is for the entry that can keep a session. */
declare const SESSION: boolean;

// What the bundler finds under these names: what the build makes out of the Rust crate, and the JavaScript in it.

declare module '#wasm' {
  // `src/export/line.rs`. What is a bool there is 0 or 1 here.
  export const make: (
    carrier: number,
    seed: number,
    ...options: readonly [
      policy: number,
      limit: number,
      first: number,
      cap: number,
      resetAfter: number,
      connectTimeout: number,
      queueMessages: number,
      queueBytes: number,
      timeToLive: number,
      dropsOldest: boolean,
      interval: number,
      timeout: number,
    ]
  ) => number;
  export const free: (line: number) => void;
  export const hear: (line: number, what: number, epoch: number, detail: number, clean: boolean) => number;
  export const admits: (line: number, readyState: number, bytes: number) => number;
  export const send: (line: number, bytes: number) => number;
  export const withdraw: (line: number, index: number) => number;
  export const heard: (line: number, bytes: number, replies: boolean) => number;
  export const close: (line: number, answers: boolean) => void;
  export const reconnect: (line: number) => void;
  export const get: (line: number, index: number) => number;
  // `src/export/session.rs`, in the module that can keep a session.
  export const post: (line: number, number: number, bytes: number, timeToLive: number) => number;
  export const recall: (line: number, ticket: number) => void;
  export const arrived: (line: number, bytes: number) => number;
  export const control: (line: number, carrier: number) => void;
  export const stranger: (line: number) => void;
  export const unacknowledged: (line: number) => number;
  /** Before it none of the others is there. */
  export const load: (module: WebAssembly.Module) => void;
}

declare module '#wasm/bytes' {
  const bytes: () => Uint8Array<ArrayBuffer>;
  export default bytes;
}

declare module '#native' {
  // `src/browser/native.js`
  export type Ear = (what: number, epoch: number, detail: number, clean: boolean, value?: unknown) => unknown;
  export const dial: (source: object, epoch: number, hear: Ear) => WebSocket | undefined;
  export const forget: (socket: WebSocket) => void;
  export const wake: (last: number, delay: number, hear: Ear) => number;
  export const watch: (hear: Ear) => void;
  export const unwatch: (hear: Ear) => void;
  export const condition: () => number;
}

declare module '#carriers' {
  // `src/export/carriers.js`
  export const carriers: Map<number, object>;
}
