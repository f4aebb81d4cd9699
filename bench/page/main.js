// What runs in the page: `bench` is called by the rows, from outside.

import { App } from './app.js';
import { record, SyntheticSocket, serve, setOpening, sockets } from './synthetic.js';

const modules = new Map();
const lines = new Map();

/** The text of a message of so many characters, and what is inside it. */
const makeMessage = (size, type = 'tick') => {
  const of = (filling) => ({ type, data: { n: 12_345, from: 'alice', text: '.'.repeat(filling) } });
  return of(Math.max(0, size - JSON.stringify(of(0)).length));
};

/** The first is the one that the server uses too. */
const typeOf = (index) => (index === 0 ? 'tick' : `tick${index}`);

/** A prime, so that neighbours in time are none in the table of types. */
const STRIDE = 7_919;

/** A sorted list's value below which so many of its values are. */
const quantile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];

/** The clock counts in 5 µs, of which a round trip has few: the mean of the fifth in the middle of a sorted list. */
const median = (sorted) => {
  const middle = sorted.slice(Math.floor(sorted.length * 0.4), Math.ceil(sorted.length * 0.6));
  return middle.reduce((sum, value) => sum + value, 0) / middle.length;
};

globalThis.bench = {
  /** From now on there is no network. To be called before anything is loaded. */
  makeSynthetic() {
    globalThis.WebSocket = SyntheticSocket;
  },

  async load(name, file) {
    modules.set(name, await import(`/contenders/${file}.js`));
  },

  async connect(name, url) {
    const app = new App();
    lines.set(name, { app, line: await modules.get(name).open(url, app) });
  },

  /** A flood from the server. Gives milliseconds. */
  async receive(name, { count, size, binary }) {
    const { app, line } = lines.get(name);
    globalThis.gc({ type: 'minor' });
    const begun = performance.now();
    const heard = app.hears(count);
    line.say('flood', { count, size, binary });
    await heard;
    return { time: performance.now() - begun };
  },

  /** One message after the other, there and back. Gives milliseconds. */
  async echo(name, { count, size }) {
    const { app, line } = lines.get(name);
    const { type, data } = makeMessage(size);
    const times = [];
    globalThis.gc({ type: 'minor' });
    for (let n = 0; n < count; n++) {
      const begun = performance.now();
      const heard = app.hears(1);
      line.say(type, data);
      await heard;
      times.push(performance.now() - begun);
    }
    times.sort((a, b) => a - b);
    return { p50: median(times), p99: quantile(times, 0.99) };
  },

  /** As fast as it goes. Gives nanoseconds a call, and milliseconds until the server has them all. */
  async send(name, { count, size }) {
    const { app, line } = lines.get(name);
    const text = '.'.repeat(size);
    line.say('count', { every: count });
    globalThis.gc({ type: 'minor' });
    const heard = app.hears(1);
    const begun = performance.now();
    for (let n = 0; n < count; n++) line.send(text);
    const called = performance.now();
    await heard;
    return { call: ((called - begun) / count) * 1e6, upload: performance.now() - begun };
  },

  /** The line is lost and comes back, so many times. */
  async loseAndMend(name, times) {
    const { app, line } = lines.get(name);
    for (let time = 0; time < times; time++) {
      const again = app.opensAgain();
      if (line.lose) line.lose();
      else line.say('bye', {});
      await again;
    }
  },

  /** So many lines with a synthetic socket each. */
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
    lines.set(name, { apps, ends, frame: wire?.frame ?? JSON.stringify });
  },

  /** Makes messages to the lines in turn, of the types in turn. */
  async prepare(name, { count, size, types = 1 }) {
    const line = lines.get(name);
    const texts = Array.from({ length: count }, (_, n) => line.frame(makeMessage(size, typeOf((n * STRIDE) % types))));
    line.events = await record(texts);
    globalThis.gc({ type: 'minor' });
  },

  /** Hands them over. */
  async hand(name) {
    const { apps, ends, events } = lines.get(name);
    // Once more for each call: a line may have got another socket, or another listener.
    const ears = ends.map((socket) => socket.ears());
    const heard = () => apps.reduce((sum, app) => sum + app.heard, 0);
    const goal = heard() + events.length;
    for (let n = 0; n < events.length; n++) for (const ear of ears[n % ears.length]) ear(events[n]);
    // Some hand messages on in microtasks.
    for (let turns = 0; heard() < goal && turns < 100 * events.length; turns++) await undefined;
    if (heard() !== goal) throw new Error(`${name} has lost ${goal - heard()} of ${events.length} messages`);
  },

  /** Both. Gives nanoseconds a message. */
  async deliver(name, given) {
    await this.prepare(name, given);
    const begun = performance.now();
    await this.hand(name);
    return { time: ((performance.now() - begun) / given.count) * 1e6 };
  },

  /** What the browser itself takes to make a message event and to call one listener. Nanoseconds. */
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

  /** So many messages are sent while the line is down, and leave when it is there. Nanoseconds a message. */
  async queue(name, { count, size }) {
    setOpening(false);
    const socket = modules.get(name).makeQueue('ws://synthetic.invalid/', count);
    // Some dial later.
    while (sockets.at(-1)?.readyState !== 0) await new Promise((resolve) => setTimeout(resolve, 1));
    const end = sockets.at(-1);
    const text = '.'.repeat(size);
    globalThis.gc({ type: 'minor' });
    const begun = performance.now();
    for (let n = 0; n < count; n++) socket.send(text);
    const queued = performance.now();
    end.open();
    while (end.sent < count) await new Promise((resolve) => setTimeout(resolve));
    const left = performance.now();
    socket.close();
    return { queue: ((queued - begun) / count) * 1e6, leave: ((left - queued) / count) * 1e6 };
  },
};
