// The two modules that the build makes out of the Rust crate.

declare module '#wasm' {
  export type Ear = (what: number, epoch: number, detail: number, clean: boolean, value: unknown) => boolean;

  /** `src/export/line.rs` */
  export class Line {
    constructor(
      carrier: object,
      ear: Ear,
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
    );
    hear: Ear;
    admits(readyState: number, bytes: number): boolean;
    send(bytes: number): number;
    heard(bytes: number, replies: boolean): boolean;
    close(): void;
    reconnect(carrier: object): void;
    get(index: number): number;
  }
  export function initSync(options: { module: WebAssembly.Module }): unknown;
}

declare module '#wasm/bytes' {
  const bytes: () => Uint8Array<ArrayBuffer>;
  export default bytes;
}
