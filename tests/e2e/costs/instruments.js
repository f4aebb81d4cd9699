// Counts the calls between JavaScript and WebAssembly in both directions, the objects that the library makes, and the
// control frames of a session. What a timer does is counted apart: it is not the cost of a message.

const none = () => ({ crossings: 0, timers: 0, made: 0, controlsOut: 0, controlsIn: 0 });
let counts = { message: none(), timer: none() };
let inTimer = false;
const count = (what) => counts[inTimer ? 'timer' : 'message'][what]++;
const counted = (what, call) =>
  function (...args) {
    count(what);
    return call.apply(this, args);
  };
const each = (object, change) =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value)]));
const crossing = (value) => (typeof value === 'function' ? counted('crossings', value) : value);

let memory;
WebAssembly.Instance = new Proxy(WebAssembly.Instance, {
  construct(Instance, [module, imports]) {
    const { exports } = new Instance(
      module,
      each(imports, (names) => each(names, crossing)),
    );
    memory = Object.values(exports).find((one) => one instanceof WebAssembly.Memory);
    return { exports: each(exports, crossing) };
  },
});
for (const name of ['setTimeout', 'setInterval', 'requestAnimationFrame', 'requestIdleCallback', 'queueMicrotask']) {
  const original = globalThis[name];
  globalThis[name] = counted('timers', (callback, ...more) =>
    original(
      () => {
        inTimer = true;
        try {
          callback();
        } finally {
          inTimer = false;
        }
      },
      ...more,
    ),
  );
}
for (const name of ['Event', 'MessageEvent', 'Blob', 'WeakRef', 'Promise'])
  globalThis[name] = new Proxy(globalThis[name], {
    construct(...args) {
      count('made');
      return Reflect.construct(...args);
    },
  });

/** See docs/protocol.md: a text of the app that begins with it gets a second one. */
const ESCAPE = '\x10';
const isControl = (data) => data[0] === ESCAPE && data[1] !== ESCAPE;
globalThis.WebSocket = class extends WebSocket {
  constructor(...args) {
    super(...args);
    this.addEventListener('message', ({ data }) => isControl(data) && count('controlsIn'));
  }

  send(data) {
    if (isControl(data)) count('controlsOut');
    super.send(data);
  }
};

/** What was counted since the last call. */
globalThis.take = () => {
  const taken = counts;
  counts = { message: none(), timer: none() };
  return taken;
};
globalThis.remember = () => new Uint8Array(memory.buffer).slice();
/** How many bytes of the module's memory have changed; undefined if it has grown. */
globalThis.changed = (before) => {
  const now = new Uint8Array(memory.buffer);
  if (now.length === before.length) return now.reduce((sum, byte, at) => sum + (byte !== before[at]), 0);
};
