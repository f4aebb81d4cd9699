// Every kind of data that send() takes arrives as it was, text as text and binary as binary.

import { attempt, codeUnits, describeData, plain } from '../lib/observe.js';
import { counted, messages, open, roundTrip } from '../lib/sockets.js';

const texts = {
  'an empty text': '',
  'a short text': 'hello',
  'a text with NUL': 'a\0b\0',
  'a text with all controls': [...Array(32).keys()].map((code) => String.fromCharCode(code)).join(''),
  'a text that begins with U+0010': '\x10hello',
  'a text that begins with a byte order mark': '\ufeffhello',
  'a text beyond Latin-1': '¥·£·€·$·¢·₡·₢·₣·₤·₥·₦·₧·₨·₩·₪·₫·₭·₮·₯·₹',
  'a text of three-byte characters': '日本語のテキスト',
  'a text of surrogate pairs': '😀👩‍👩‍👧‍👦🏳️‍🌈',
  'a lone high surrogate': 'a\ud800b',
  'a lone low surrogate': 'a\udc00b',
  'surrogates in the wrong order': '\udc00\ud800',
  'a lone surrogate at the end': 'end\ud83d',
  noncharacters: '\ufffe\uffff\u{1ffff}',
  'a text that looks like JSON': '{"__proto__":{"a":1}}',
  '125 bytes, the longest of the short frames': 'x'.repeat(125),
  '126 bytes, the first with a 16-bit length': 'x'.repeat(126),
  '65,535 bytes, the last with a 16-bit length': 'x'.repeat(65_535),
  '65,536 bytes, the first with a 64-bit length': 'x'.repeat(65_536),
};

const bytes = (length) => new Uint8Array(length).map((_, at) => at * 7);

const views = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
  DataView,
];

const binaries = {
  'an ArrayBuffer': () => bytes(16).buffer,
  'an empty ArrayBuffer': () => new ArrayBuffer(0),
  'an ArrayBuffer of 125 bytes': () => bytes(125).buffer,
  'an ArrayBuffer of 126 bytes': () => bytes(126).buffer,
  'an ArrayBuffer of 65,535 bytes': () => bytes(65_535).buffer,
  'an ArrayBuffer of 65,536 bytes': () => bytes(65_536).buffer,
  'a Blob': () => new Blob([bytes(16)]),
  'an empty Blob': () => new Blob([]),
  'a Blob with a type': () => new Blob(['text'], { type: 'text/plain' }),
  'a Blob of parts': () => new Blob(['one', bytes(3), new Blob(['two'])]),
  'a slice of a Blob': () => new Blob([bytes(100)]).slice(10, 20),
  'a large Blob': () => new Blob([bytes(100_000)]),
  'a File': () => new File([bytes(16)], 'a.bin'),
  'an empty typed array': () => new Uint16Array(0),
  'a typed array of a subclass': () => new (class extends Uint8Array {})([1, 2, 3]),
};

// What WebIDL has to say of these changes with the years; the browser's own class is the measure.
const unusual = {
  'a resizable ArrayBuffer': () => new ArrayBuffer(4, { maxByteLength: 8 }),
  'a view of a resizable ArrayBuffer': () => new Uint8Array(new ArrayBuffer(4, { maxByteLength: 8 })),
  'a detached ArrayBuffer': () => detached(bytes(8)).buffer,
  'a view of a detached ArrayBuffer': () => detached(bytes(8)),
  'a DataView of a detached ArrayBuffer': () => detached(new DataView(new ArrayBuffer(8))),
  'a shared buffer': () => shared(),
  'a view of a shared buffer': () => new Uint8Array(shared()),
  'a DataView of a shared buffer': () => new DataView(shared()),
  'the memory of a WebAssembly instance': () => new WebAssembly.Memory({ initial: 1 }).buffer.slice(0, 8),
};

function detached(view) {
  structuredClone(view.buffer, { transfer: [view.buffer] });
  return view;
}

// The global SharedArrayBuffer is hidden from pages that are not cross-origin isolated; WebAssembly still makes one.
const shared = () => new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer;

const echoed =
  (make) =>
  async (WebSocketClass, { server }) => {
    const socket = await open(WebSocketClass, `${server}/echo`);
    return describeData(await roundTrip(socket, make()));
  };

export const send = [
  ...Object.entries(texts).map(([what, text]) => ({
    name: what,
    async run(WebSocketClass, { server }) {
      const socket = await open(WebSocketClass, `${server}/echo`);
      const echo = await roundTrip(socket, text);
      return text.length > 100 ? describeData(echo) : codeUnits(echo);
    },
    ...(text.length > 100 ? {} : { expected: codeUnits(text.toWellFormed?.() ?? text) }),
  })),
  ...Object.entries(binaries).map(([what, make]) => ({ name: what, run: echoed(make) })),
  ...views.flatMap((View) => {
    const whole = () => new View(bytes(24).buffer);
    const part = () => new View(bytes(24).buffer, 8, 8 / (View.BYTES_PER_ELEMENT ?? 1));
    return [
      { name: `a ${View.name}`, run: echoed(whole), expected: { kind: '[object Blob]', bytes: [...bytes(24)] } },
      {
        name: `a ${View.name} with offset and length sends that part alone`,
        run: echoed(part),
        expected: { kind: '[object Blob]', bytes: [...bytes(16).slice(8)] },
      },
      {
        name: `a ${View.name} with an offset sends from there to the end`,
        run: echoed(() => new View(bytes(24).buffer, 16)),
        expected: { kind: '[object Blob]', bytes: [...bytes(24).slice(16)] },
      },
    ];
  }),
  ...Object.entries(unusual).map(([what, make]) => ({
    name: what,
    async run(WebSocketClass, { server }) {
      const socket = await open(WebSocketClass, `${server}/echo`);
      const received = messages(socket, 2);
      const outcome = attempt(() => socket.send(make()));
      socket.send('after');
      socket.send('more');
      return [outcome, await Promise.all((await received).map(describeData))];
    },
  })),
  {
    name: 'it gives undefined',
    async run(WebSocketClass, { server }) {
      const socket = await open(WebSocketClass, `${server}/echo`);
      return [plain(socket.send('x')), plain(socket.send(new Blob(['x']))), plain(socket.send(new ArrayBuffer(1)))];
    },
    expected: ['<undefined>', '<undefined>', '<undefined>'],
  },
  {
    name: 'a buffer that changes after send() is sent as it was',
    async run(WebSocketClass, { server }) {
      const socket = await open(WebSocketClass, `${server}/echo`);
      const view = new Uint8Array([1, 2, 3]);
      const received = messages(socket, 2);
      socket.send(view);
      view.fill(9);
      socket.send(view.buffer);
      detached(view);
      return Promise.all((await received).map(describeData));
    },
    expected: [
      { kind: '[object Blob]', bytes: [1, 2, 3] },
      { kind: '[object Blob]', bytes: [9, 9, 9] },
    ],
  },
  {
    name: 'texts, buffers and blobs keep their order among each other',
    async run(WebSocketClass, { server }) {
      const socket = await open(WebSocketClass, `${server}/echo`);
      const received = messages(socket, 12);
      for (let n = 0; n < 4; n++) {
        socket.send(new Blob([`blob ${n}`, 'x'.repeat(n === 0 ? 50_000 : 0)]));
        socket.send(`text ${n}`);
        socket.send(new Uint8Array([n]));
      }
      return Promise.all((await received).map(describeData));
    },
  },
  {
    name: 'a message larger than one frame of the network arrives whole',
    async run(WebSocketClass, { server }) {
      const socket = await open(WebSocketClass, `${server}/echo`);
      return describeData(await roundTrip(socket, '𝄞'.repeat(100_000)));
    },
  },
  {
    name: 'sent in the open listener it arrives',
    async run(WebSocketClass, { server }) {
      const socket = new WebSocketClass(`${server}/echo`);
      socket.onopen = () => socket.send('first');
      const [received] = await messages(socket, 1);
      socket.close();
      return received;
    },
    expected: 'first',
  },
  {
    name: 'what was sent before close() arrives before the close',
    async run(WebSocketClass, { server }) {
      const { id, stats } = counted(server);
      const socket = await open(WebSocketClass, `${server}/echo?id=${id}`);
      for (let n = 0; n < 10; n++) socket.send(`message ${n}`);
      socket.send(new Blob(['blob']));
      const closed = new Promise((resolve) => socket.addEventListener('close', resolve));
      socket.close(3000);
      const { code, wasClean } = await closed;
      const seen = await stats(({ closes }) => closes.length === 1);
      return { code, wasClean, arrived: seen.messages_in };
    },
    expected: { code: 3000, wasClean: true, arrived: 11 },
  },
];
