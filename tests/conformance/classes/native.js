// The browser's own class, which the others are compared with.
export default globalThis.WebSocket;
