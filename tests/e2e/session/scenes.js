// Sessions between a page and the test server, through the fault proxy. `url` is the proxy's.

import { Undrop } from '../../../dist/session.js';
import { ask, cut, event, order } from './tools.js';

const make = (url, options, protocols = []) => {
  const socket = new Undrop(url, protocols, { resume: true, retry: { first: 1, cap: 50 }, ...options });
  const story = [];
  for (const type of ['open', 'resume', 'drop', 'lost', 'error', 'close'])
    socket.addEventListener(type, ({ data, cause, code, reason, message }) => {
      if (type === 'lost') story.push(`lost ${data} ${cause}`);
      else if (type === 'close') story.push(`close ${code} ${reason}`.trim());
      else story.push(`${type} ${message ?? ''}`.trim());
    });
  return { socket, story };
};

/** The data of so many messages. */
const receive = (socket, count) =>
  new Promise((resolve) => {
    const arrived = [];
    socket.addEventListener('message', function collect({ data }) {
      arrived.push(data);
      if (arrived.length < count) return;
      socket.removeEventListener('message', collect);
      resolve(arrived);
    });
  });

const failure = (promise) =>
  promise.then(
    () => 'delivered',
    ({ name, cause }) => `${name} ${cause ?? ''}`.trim(),
  );

const thrown = (act) => {
  try {
    act();
  } catch ({ name }) {
    return name;
  }
  return 'nothing';
};

const bytesOf = async (data) => [...new Uint8Array(await new Response(data).arrayBuffer())];

/** How the server's connections have ended, once one has and none is open. */
const closes = async (id) => {
  for (;;) {
    const { closes, open } = await ask(`/stats?id=${id}`);
    if (!open && closes.length) return closes;
  }
};

/** What a page does, and what it then sees. */
export const scenes = {
  'a server that chooses undrop.1 and sends back what it gets is told for what it is': {
    async play(url) {
      const { socket, story } = make(`${url}/echo?protocol=undrop.1`);
      await event(socket, 'close');
      return story;
    },
    expected: [
      'error the server took undrop.1 but does not speak it',
      'close 1002 the server took undrop.1 but does not speak it',
    ],
  },
  'a server that chooses undrop.1 and never answers is told for what it is, once': {
    async play(url) {
      const { socket, story } = make(`${url}/blackhole?protocol=undrop.1&after=0`, { connectTimeout: 1_500 });
      await event(socket, 'error');
      for (let drops = 0; drops < 2; drops++) await event(socket, 'drop');
      socket.close();
      return story.filter((line) => line.startsWith('error'));
    },
    expected: ['error the server took undrop.1 but does not speak it'],
  },
  'a refusal for now keeps what is not acknowledged, and the URL of the next attempt delivers it': {
    async play(url) {
      const session = `${url}/session?spread=1`;
      const urls = [session, `${url}/close?code=4003&protocol=undrop.1`];
      const { socket, story } = make(() => urls.shift() ?? session);
      const codes = [];
      socket.addEventListener('drop', ({ code }) => codes.push(code));
      await event(socket, 'open');
      await order('hole up on live');
      const delivered = socket.deliver('kept');
      await cut(socket);
      await delivered;
      return { codes, story };
    },
    expected: { codes: [1006, 4003], story: ['open', 'drop', 'drop', 'resume'] },
  },
  'every kind of message comes back as it was': {
    async play(url) {
      const { socket, story } = make(`${url}/session`);
      const { readyState, bufferedAmount } = socket;
      const texts = ['', 'ä€😀', '\x10', '\x10\x10ack 7', '\x10ack 7'];
      const view = new Uint8Array([0, 16, 255]).subarray(1);
      const echoes = receive(socket, texts.length + 2);
      for (const text of texts) socket.send(text);
      socket.send(view);
      view.fill(0);
      socket.send(new Blob(['\x10blob']));
      // Later the server may have acknowledged some.
      const { unacknowledged } = socket.stats;
      const arrived = await echoes;
      const binary = await Promise.all(arrived.splice(texts.length).map(bytesOf));
      const { messagesIn, messagesOut } = socket.stats;
      return {
        readyState,
        bufferedAmount,
        same: texts.every((text, index) => text === arrived[index]),
        binary,
        story,
        counts: [unacknowledged, messagesIn, messagesOut],
        protocol: socket.protocol,
      };
    },
    expected: {
      readyState: 0,
      bufferedAmount: 0,
      same: true,
      binary: [
        [16, 255],
        [16, 98, 108, 111, 98],
      ],
      story: ['open'],
      counts: [7, 7, 7],
      protocol: '',
    },
  },
  'the page sees its own subprotocol': {
    async play(url) {
      const { socket } = make(`${url}/session`, {}, ['chat', 'news']);
      await event(socket, 'open');
      return socket.protocol;
    },
    expected: 'chat',
  },
  'a socket that ends with its session is open while its connection is down, and needs no resume': {
    async play(url) {
      const { socket, story } = make(`${url}/session?spread=1`, { lifetime: 'session', resume: undefined });
      const states = [socket.readyState];
      await event(socket, 'open');
      states.push(socket.readyState);
      const resumed = event(socket, 'resume');
      await cut(socket);
      states.push(socket.readyState);
      const arrived = receive(socket, 1);
      const { bufferedAmount } = socket;
      socket.send('meanwhile');
      const buffered = [bufferedAmount, socket.bufferedAmount];
      await resumed;
      states.push(socket.readyState);
      const data = await arrived;
      const closed = event(socket, 'close');
      socket.close();
      states.push(socket.readyState);
      await closed;
      states.push(socket.readyState);
      return { states, buffered, data, story };
    },
    expected: {
      states: [0, 1, 1, 1, 2, 3],
      buffered: [0, 9],
      data: ['meanwhile'],
      story: ['open', 'drop', 'resume', 'close 1005'],
    },
  },
  'a socket that ends with its session closes when the server has no more of it': {
    async play(url) {
      const told = [];
      const { socket, story } = make(`${url}/session?deaf=1&echo=0&ttl=0&spread=1`, {
        lifetime: 'session',
        resume: { onReset: ({ reason }) => told.push(reason, story.length) },
      });
      await event(socket, 'open');
      socket.send('sent');
      const closed = event(socket, 'close');
      await cut(socket);
      const { cause } = await closed;
      return { story, told, cause, readyState: socket.readyState };
    },
    expected: {
      story: ['open', 'drop', 'lost sent unconfirmed', 'error', 'close 1006'],
      told: ['unknown', 3],
      cause: 'close',
      readyState: 3,
    },
  },
  'over many cuts everything arrives once and in order, both ways': {
    async play(url, id) {
      const { socket, story } = make(`${url}/session?id=${id}&spread=1`);
      const count = 300;
      const echoes = receive(socket, count);
      await event(socket, 'open');
      for (let number = 1; number <= count; number++) {
        socket.send(`${number}`);
        if (number % 100) continue;
        const resumed = event(socket, 'resume');
        await order('reset');
        await resumed;
      }
      const arrived = await echoes;
      const { lost, duplicated, received, sessions } = await ask(`/tally?id=${id}`);
      return {
        inOrder: arrived.every((data, index) => data === `${index + 1}`),
        server: { lost, duplicated, received, sessions },
        story,
      };
    },
    expected: {
      inOrder: true,
      server: { lost: 0, duplicated: 0, received: 300, sessions: 1 },
      story: ['open', 'drop', 'resume', 'drop', 'resume', 'drop', 'resume'],
    },
  },
  'deliver resolves when the server has acknowledged the message': {
    async play(url) {
      const { socket } = make(`${url}/session?echo=0`);
      await socket.deliver('before it is open');
      await socket.deliver(new Uint8Array(3), { timeToLive: 60_000, signal: AbortSignal.timeout(60_000) });
      return socket.stats.unacknowledged;
    },
    expected: 0,
  },
  'deliver rejects with what is wrong with its options, and null stands for none': {
    async play(url) {
      const { socket } = make(`${url}/session?echo=0`);
      await socket.deliver('null', null);
      const { message } = await socket.deliver('bad', { signal: {} }).catch((error) => error);
      return message;
    },
    expected: 'Undrop: signal must be an AbortSignal, not [object Object].',
  },
  'deliver rejects with the outcome of a message that is not acknowledged': {
    async play(url) {
      const { socket, story } = make(`${url}/session?deaf=1&echo=0&ttl=0&spread=1`);
      const opened = event(socket, 'open');
      const [early, taken] = [new AbortController(), new AbortController()];
      const outcomes = [
        failure(socket.deliver('aborted before', { signal: AbortSignal.abort() })),
        failure(socket.deliver('aborted', { signal: early.signal })),
        failure(socket.deliver('expired', { timeToLive: 0 })),
      ];
      early.abort();
      await Promise.all(outcomes);
      await opened;
      outcomes.push(failure(socket.deliver('left', { signal: taken.signal })));
      taken.abort();
      // The server has forgotten the session: a cut ends it.
      const reopened = event(socket, 'open');
      await cut(socket);
      outcomes.push(failure(socket.deliver('unsent')));
      await reopened;
      outcomes.push(failure(socket.deliver('bad', { timeToLive: -1 })));
      socket.close();
      await event(socket, 'close');
      outcomes.push(failure(socket.deliver('late')));
      return { outcomes: await Promise.all(outcomes), story };
    },
    expected: {
      outcomes: [
        'AbortError',
        'AbortError',
        'DeliveryError expired',
        'DeliveryError unconfirmed',
        'DeliveryError unsent',
        'TypeError',
        'InvalidStateError',
      ],
      story: ['open', 'drop', 'open', 'close 1005'],
    },
  },
  'a session that the server has forgotten begins again, and its messages come back as lost': {
    async play(url) {
      const resets = [];
      const { socket, story } = make(`${url}/session?deaf=1&echo=0&ttl=0&spread=1`, {
        resume: { onReset: ({ reason }) => resets.push(`${reason} after ${story.at(-1)}`) },
      });
      await event(socket, 'open');
      socket.send('left');
      const reopened = event(socket, 'open');
      await cut(socket);
      socket.send('waits');
      const waits = socket.bufferedAmount;
      await reopened;
      return { story, resets, waits, buffered: socket.bufferedAmount, left: socket.stats.unacknowledged };
    },
    expected: {
      story: ['open', 'drop', 'lost left unconfirmed', 'lost waits unsent', 'open'],
      resets: ['unknown after lost waits unsent'],
      waits: 'leftwaits'.length,
      buffered: 0,
      left: 0,
    },
  },
  'a server that has lost a part of the session, and says so or does not, is asked for another': {
    async play(url) {
      const resets = [];
      for (const [route, arrives] of [
        ['/session?deaf=1&echo=0&ttl=0&lost=1&spread=1', false],
        ['/session?echo=0&forgets=1&spread=1', true],
      ]) {
        const { socket, story } = make(`${url}${route}`, {
          resume: { onReset: ({ reason }) => resets.push(`${reason} after ${story.at(-1)}`) },
        });
        await event(socket, 'open');
        if (arrives) await socket.deliver('arrived');
        const reopened = event(socket, 'open');
        await cut(socket);
        socket.send('waits');
        await reopened;
        socket.close();
      }
      return resets;
    },
    expected: ['store-lost after lost waits unsent', 'store-lost after lost waits unsent'],
  },
  'a message that is larger than the server accepts is refused, and comes back if it was queued': {
    async play(url) {
      const { socket, story } = make(`${url}/session?largest=5`);
      const outcome = failure(socket.deliver(new Uint8Array(6)));
      socket.send('äöü');
      const echo = receive(socket, 1);
      socket.send('fits!');
      const [echoed] = await echo;
      let refused;
      try {
        socket.send('123456');
      } catch ({ name, message }) {
        refused = `${name} ${message.replace(url, 'server')}`;
      }
      return { echoed, outcome: await outcome, refused, text: thrown(() => socket.send('äöü')), story };
    },
    expected: {
      echoed: 'fits!',
      outcome: 'DeliveryError too-large',
      refused: 'DataError Undrop: 6 bytes are too many for one message: the server accepts 5 (server/session).',
      text: 'DataError',
      story: ['open', 'lost äöü too-large'],
    },
  },
  'an onReset that throws is reported, and the open event comes nevertheless': {
    async play(url) {
      const reported = [];
      const report = (event) => {
        event.preventDefault();
        reported.push(event.error.message);
      };
      addEventListener('error', report);
      const { socket, story } = make(`${url}/session?ttl=0&spread=1`, {
        resume: {
          onReset() {
            throw new Error('of the page');
          },
        },
      });
      await event(socket, 'open');
      const reopened = event(socket, 'open');
      await cut(socket);
      await reopened;
      const echo = receive(socket, 1);
      socket.send('it works');
      const [echoed] = await echo;
      removeEventListener('error', report);
      return { story, reported, echoed, state: socket.state };
    },
    expected: { story: ['open', 'drop', 'open'], reported: ['of the page'], echoed: 'it works', state: 'open' },
  },
  'a message beyond the limits is refused': {
    async play(url) {
      const { socket } = make(`${url}/session?deaf=1`, { resume: { limitMessages: 2, limitBytes: 100 } });
      await event(socket, 'open');
      const large = thrown(() => socket.send('x'.repeat(101)));
      socket.send('one');
      socket.send('two');
      const third = thrown(() => socket.send('three'));
      return { large, third, deliver: await failure(socket.deliver('four')) };
    },
    expected: { large: 'QuotaExceededError', third: 'QuotaExceededError', deliver: 'QuotaExceededError' },
  },
  'a server that breaks the protocol is left, and gets the reason': {
    async play(url, id) {
      const { socket, story } = make(`${url}/session?id=${id}&after=1&say=%10nonsense`);
      socket.send('hello');
      await event(socket, 'close');
      return { story, closes: await closes(id) };
    },
    expected: {
      story: ['open', 'lost hello unconfirmed', 'error unknown control frame', 'close 1002 unknown control frame'],
      closes: [{ code: 4402, reason: 'unknown control frame' }],
    },
  },
  'a close ends the session: what was sent arrives, and nothing is lost': {
    async play(url, id) {
      const { socket, story } = make(`${url}/session?id=${id}&echo=0`);
      await event(socket, 'open');
      for (let number = 1; number <= 100; number++) socket.send(`${number}`);
      const codes = [thrown(() => socket.close(1001)), thrown(() => socket.close(1000, 'x'.repeat(124)))];
      socket.close(4321, 'goodbye');
      const { readyState } = socket;
      await event(socket, 'close');
      const { received, lost } = await ask(`/tally?id=${id}`);
      return { codes, readyState, story, received, lost, closes: await closes(id) };
    },
    expected: {
      codes: ['InvalidAccessError', 'SyntaxError'],
      readyState: 2,
      story: ['open', 'close 4321 goodbye'],
      received: 100,
      lost: 0,
      closes: [{ code: 4321, reason: 'goodbye' }],
    },
  },
  'a close while the connection is dead ends after closeTimeout': {
    async play(url) {
      const { socket, story } = make(`${url}/session`);
      await event(socket, 'open');
      await order('hole both on live');
      socket.send('lost');
      socket.close();
      await event(socket, 'close');
      await order('hole both off');
      return story;
    },
    expected: ['open', 'lost lost unconfirmed', 'error', 'close 1006'],
  },
  'a server can end the session': {
    async play(url) {
      const { socket, story } = make(`${url}/session?after=1&end=1&echo=0`);
      await socket.deliver('the last');
      await event(socket, 'close');
      return story;
    },
    expected: ['open', 'close 1000 the end'],
  },
  'after the end a reconnect begins another session': {
    async play(url, id) {
      const { socket, story } = make(`${url}/session?id=${id}`);
      await event(socket, 'open');
      socket.close();
      await event(socket, 'close');
      const echo = receive(socket, 1);
      socket.reconnect();
      socket.send('again');
      await echo;
      const { sessions } = await ask(`/tally?id=${id}`);
      return { story, sessions };
    },
    expected: { story: ['open', 'close 1005', 'open'], sessions: 2 },
  },
  'subprotocols from a function': {
    async play(url) {
      const { socket } = make(
        async () => `${url}/session`,
        {},
        async () => ['chat'],
      );
      const echo = receive(socket, 1);
      socket.send('found');
      return [await echo, socket.protocol];
    },
    expected: [['found'], 'chat'],
  },
  'options that do not go with resume are refused': {
    async play(url) {
      const options = [
        { retry: false },
        { queue: true },
        { heartbeat: { message: 'ping' } },
        { resume: { limitBytes: 'x' } },
      ];
      return options.map((option) => thrown(() => make(url, option)));
    },
    expected: ['TypeError', 'TypeError', 'TypeError', 'TypeError'],
  },
  'without resume it is the plain socket': {
    async play(url) {
      const { socket, story } = make(`${url}/echo`, { resume: false }, ['chat']);
      const echo = receive(socket, 1);
      socket.send('\x10plain');
      const refused = await failure(socket.deliver('x'));
      return [await echo, socket.protocol, refused, story];
    },
    expected: [['\x10plain'], 'chat', 'TypeError', ['open']],
  },
};

/** What a page gets from a server that answers the handshake without the protocol. */
export async function connectToPlainServer(url) {
  const { socket, story } = make(`${url}/echo?protocol=`);
  await event(socket, 'close');
  return story;
}
