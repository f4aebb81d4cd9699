// Runs in the page. The rows call the functions of `bench` from outside.

import { App } from './app.js';
import { record, SyntheticSocket, serve, setOpening, sockets } from './synthetic.js';

const modules = new Map();
const connections = new Map();

/** Makes a message whose JSON has so many characters. */
const makeMessage = (size, type = 'tick') => {
  const of = (filling) => ({ type, data: { n: 12_345, from: 'alice', text: '.'.repeat(filling) } });
  return of(Math.max(0, size - JSON.stringify(of(0)).length));
};

/** The first type is the one that the server uses too. */
const typeOf = (index) => (index === 0 ? 'tick' : `tick${index}`);

/** A prime, so that consecutive messages are not neighbours in the table of types. */
const STRIDE = 7_919;

/** The quantile of a sorted list. */
const quantile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];

/** The mean of the middle fifth of a sorted list: the clock's resolution of 5 µs is too coarse for a median. */
const median = (sorted) => {
  const middle = sorted.slice(Math.floor(sorted.length * 0.4), Math.ceil(sorted.length * 0.6));
  return middle.reduce((sum, value) => sum + value, 0) / middle.length;
};

globalThis.bench = {
  /** Replaces the network by synthetic sockets. Must be called before a contender is loaded. */
  makeSynthetic() {
    globalThis.WebSocket = SyntheticSocket;
  },

  async load(name, file) {
    modules.set(name, await import(`/contenders/${file}.js`));
  },

  async connect(name, url) {
    const app = new App();
    connections.set(name, { app, connection: await modules.get(name).open(url, app) });
  },

  /** Receives a flood from the server. Returns milliseconds. */
  async receive(name, { count, size, binary }) {
    const { app, connection } = connections.get(name);
    globalThis.gc({ type: 'minor' });
    const begun = performance.now();
    const received = app.receives(count);
    connection.say('flood', { count, size, binary });
    await received;
    return { time: performance.now() - begun };
  },

  /** Sends messages that the server echoes, one after the other. Returns milliseconds. */
  async echo(name, { count, size }) {
    const { app, connection } = connections.get(name);
    const { type, data } = makeMessage(size);
    const times = [];
    globalThis.gc({ type: 'minor' });
    for (let n = 0; n < count; n++) {
      const begun = performance.now();
      const received = app.receives(1);
      connection.say(type, data);
      await received;
      times.push(performance.now() - begun);
    }
    times.sort((a, b) => a - b);
    return { p50: median(times), p99: quantile(times, 0.99) };
  },

  /** Sends as fast as possible. Returns nanoseconds a call, and milliseconds until the server has received all messages. */
  async send(name, { count, size }) {
    const { app, connection } = connections.get(name);
    const text = '.'.repeat(size);
    connection.say('count', { every: count });
    globalThis.gc({ type: 'minor' });
    const received = app.receives(1);
    const begun = performance.now();
    for (let n = 0; n < count; n++) connection.send(text);
    const called = performance.now();
    await received;
    return { call: ((called - begun) / count) * 1e6, upload: performance.now() - begun };
  },

  /** Drops the connection and waits until it has reconnected, so many times. */
  async reconnect(name, times) {
    const { app, connection } = connections.get(name);
    for (let time = 0; time < times; time++) {
      const again = app.opensAgain();
      if (connection.drop) connection.drop();
      else connection.say('close', {});
      await again;
    }
  },

  /** Opens so many connections, each with a synthetic socket. */
  async connectSynthetic(name, { count = 1, types = 1 } = {}) {
    const { open, wire } = modules.get(name);
    const known = Array.from({ length: types }, (_, index) => typeOf(index));
    serve(wire);
    const apps = [];
    const ends = [];
    for (let n = 0; n < count; n++) {
      const app = new App(known);
      apps.push(app);
      await open('ws://synthetic.invalid/', app);
      ends.push(sockets.at(-1));
    }
    connections.set(name, { apps, ends, frame: wire?.frame ?? JSON.stringify });
  },

  /** Makes messages for the connections in turn, of the types in turn. */
  async prepare(name, { count, size, types = 1 }) {
    const connection = connections.get(name);
    const texts = Array.from({ length: count }, (_, n) =>
      connection.frame(makeMessage(size, typeOf((n * STRIDE) % types))),
    );
    connection.events = await record(texts);
    globalThis.gc({ type: 'minor' });
  },

  /** Calls the listeners with the prepared messages. */
  async deliverPrepared(name) {
    const { apps, ends, events } = connections.get(name);
    // Looked up for each call: a contender may have replaced its listeners.
    const listeners = ends.map((socket) => socket.messageListeners());
    const received = () => apps.reduce((sum, app) => sum + app.received, 0);
    const goal = received() + events.length;
    for (let n = 0; n < events.length; n++) for (const listener of listeners[n % listeners.length]) listener(events[n]);
    // Some contenders pass messages on in microtasks.
    for (let turns = 0; received() < goal && turns < 100 * events.length; turns++) await undefined;
    if (received() !== goal) throw new Error(`${name} has lost ${goal - received()} of ${events.length} messages`);
  },

  /** Prepares messages and delivers them. Returns nanoseconds a message. */
  async deliver(name, given) {
    await this.prepare(name, given);
    const begun = performance.now();
    await this.deliverPrepared(name);
    return { time: ((performance.now() - begun) / given.count) * 1e6 };
  },

  /** Measures how long the browser takes to make a message event and to call one listener. Returns nanoseconds. */
  async dispatch({ count, size }) {
    const target = new EventTarget();
    const data = JSON.stringify(makeMessage(size));
    let length = 0;
    target.addEventListener('message', (event) => {
      length += event.data.length;
    });
    globalThis.gc({ type: 'minor' });
    const begun = performance.now();
    for (let n = 0; n < count; n++) target.dispatchEvent(new MessageEvent('message', { data }));
    return { time: ((performance.now() - begun) / count) * 1e6, length };
  },

  /** Queues so many messages while the socket is not open, and sends them once it is. Returns nanoseconds a message. */
  async queue(name, { count, size }) {
    setOpening(false);
    const socket = modules.get(name).makeQueue('ws://synthetic.invalid/', count);
    // Some contenders connect later.
    while (sockets.at(-1)?.readyState !== 0) await new Promise((resolve) => setTimeout(resolve, 1));
    const end = sockets.at(-1);
    const text = '.'.repeat(size);
    globalThis.gc({ type: 'minor' });
    const begun = performance.now();
    for (let n = 0; n < count; n++) socket.send(text);
    const queued = performance.now();
    end.open();
    while (end.sent < count) await new Promise((resolve) => setTimeout(resolve));
    const flushed = performance.now();
    socket.close();
    return { queue: ((queued - begun) / count) * 1e6, flush: ((flushed - queued) / count) * 1e6 };
  },
};
