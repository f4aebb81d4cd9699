// The two modules that the build makes out of the Rust crate.

declare module '#wasm' {
  /** `src/export/line.rs` */
  export class Line {
    constructor(carrier: object, url: string, protocols: string[]);
    readyState(): number;
    close(code: unknown, reason: unknown): void;
  }
  export function initSync(options: { module: WebAssembly.Module }): unknown;
}

declare module '#wasm/bytes' {
  const bytes: () => Uint8Array<ArrayBuffer>;
  export default bytes;
}
