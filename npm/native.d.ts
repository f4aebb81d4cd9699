declare module '#native' {
  // `src/socket/native.js`
  export const Close: typeof CloseEvent;
  export const dispatch: (target: EventTarget, event: Event) => boolean;
  export const exception: (name: string, message: string, first?: unknown, last?: unknown) => DOMException;
  export const isSupported: boolean;
  export const isSynthetic: (event: Event) => boolean;
}

declare module '#wasm/plain/bytes' {
  const bytes: () => Uint8Array<ArrayBuffer>;
  export default bytes;
}

declare module '#wasm/session/bytes' {
  const bytes: () => Uint8Array<ArrayBuffer>;
  export default bytes;
}
