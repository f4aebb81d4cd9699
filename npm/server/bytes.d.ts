declare module '#wasm/server/bytes' {
  const bytes: () => Uint8Array<ArrayBuffer>;
  export default bytes;
}
