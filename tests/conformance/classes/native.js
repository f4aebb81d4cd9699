// The measure of all things: the browser's own class.
export default globalThis.WebSocket;
