// The conversations of proto/vectors/undrop.1.json, with a server under Node, Bun and Deno. The client is played from the steps,
// as docs/protocol.md says how; the clock is the steps' own.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { Redis } from 'ioredis';
import { WebSocket } from 'ws';
import { inRoot } from '../../scripts/lib/paths.mjs';
import { startRedis } from '../../scripts/lib/redis.mjs';
import { runtimes } from './support/runtimes.mjs';

const { conversations } = JSON.parse(readFileSync(inRoot('proto/vectors/undrop.1.json'), 'utf8'));

/** Nothing is asked whether it is there. */
const FOREVER = 1e9;
/** What a control frame begins with. */
const ESCAPE = '\u0010';

let redis;
let client;
before(async () => {
  redis = await startRedis();
  client = new Redis(redis.url);
});
after(async () => {
  client?.disconnect();
  await redis?.stop();
});

for (const [name, [command, args]] of Object.entries(runtimes('stepped-server.mjs'))) {
  describe(name, () => {
    let server;
    const start = async () => {
      server = await startServer(command, [...args, redis.url]);
    };
    before(start);
    after(() => server?.kill());

    for (const { name, steps } of conversations) {
      it(name, async () => {
        const restart = async () => {
          await server.kill();
          await start();
          return server;
        };
        const conversation = new Conversation(server, restart);
        try {
          for (const [index, step] of steps.entries())
            await conversation.step(step).catch((error) => {
              throw new Error(`step ${index}, ${JSON.stringify(step)}: ${error.message}`, { cause: error });
            });
          conversation.saysNothing();
        } finally {
          conversation.stop();
        }
      });
    }
  });
}

/** A server whose clock and whose app are told what to do. */
async function startServer(command, args) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'], cwd: inRoot() });
  const gone = once(child, 'exit');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextLine = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error('the server has ended');
    return JSON.parse(value);
  };
  const port = await nextLine();
  const heard = [];
  return {
    url: `ws://127.0.0.1:${port}`,
    /** What the app has heard. */
    heard,
    async ask(command, given = {}) {
      child.stdin.write(`${JSON.stringify({ command, ...given })}\n`);
      for (;;) {
        const line = await nextLine();
        if ('done' in line) return line.done;
        heard.push(line);
      }
    },
    async kill() {
      child.kill('SIGKILL');
      await gone;
    },
  };
}

/** Plays the client of a conversation, and checks what the server says and its app hears. */
class Conversation {
  #server;
  #restart;
  #store;
  #terms = { spread: 5_000, largest: 1 << 20 };
  /** Where the node is that the next connection goes to, unless that is yet to be set up. */
  #url;
  #time = 0;
  #connections = new Map();
  /** What is sent with the next frame. */
  #together = [];
  /** The tokens of the steps that stand for one that the server is yet to make, and those that it has made. */
  #awaited = [];
  #tokens = new Map();
  /** How many messages of the server the client has acknowledged as it resumed: no step says that the server hears it. */
  #greeted = 0;
  /** Why a session may end without a step that says so. */
  #mayEnd = new Set();
  /** What the app got back and no step has said. */
  #returned = [];
  #stored = { taken: 0, sent: 0, resumes: 0 };

  constructor(server, restart) {
    this.#server = server;
    this.#restart = restart;
    this.#store = new Store();
    server.heard.length = 0;
  }

  async step(step) {
    if ('at' in step) {
      this.saysNothing();
      this.#time = step.at;
      await this.#server.ask('time', { at: step.at });
    } else if (step.opens) {
      this.#connections.set(step.connection, new Connection((frame) => this.#count(frame)));
    } else if ('frame' in step) {
      if (step.from === 'server') this.#comes(step);
      else if (!step.lost && !step.late) await this.#send(step, step.frame);
    } else if ('arrives' in step) {
      if (step.from === 'client') await this.#send(step, step.arrives);
    } else if (step.lostBy) {
      if (step.lostBy.includes('server')) await this.#cut(step.connection);
    } else if (step.end === 'server') {
      await this.#serverDoes(step);
    }
    // What the client's app hears and does is the client's business.
    if (step.together) return;
    await this.#settle();
    await this.#store.note(this.#stored);
  }

  /** Throws if there is anything that no step has said. */
  saysNothing() {
    for (const [number, connection] of this.#connections)
      assert.deepEqual(connection.arrived, [], `on connection ${number}`);
    this.#skipUnsaid();
    assert.deepEqual(this.#server.heard, [], 'the app has heard more');
    assert.deepEqual(this.#returned, [], 'more came back');
  }

  stop() {
    for (const connection of this.#connections.values()) connection.cut();
  }

  /** Waits until all that has arrived has had its effect. */
  async #settle() {
    const reach = () => Promise.all([...this.#connections.values()].map((connection) => connection.reach()));
    await reach();
    await this.#server.ask('settle');
    await reach();
    for (const { number } of this.#server.heard) this.#stored.taken = number ?? this.#stored.taken;
  }

  /** Counts what the store has when the server says this. */
  #count(frame) {
    const [command] = String(frame).split(' ');
    if (command === `${ESCAPE}welcome`) this.#stored = { taken: 0, sent: 0, resumes: 0 };
    if (command === `${ESCAPE}resumed`) this.#stored.resumes++;
  }

  async #send({ connection, together }, frame) {
    const [command, token, received] = typeof frame === 'string' ? frame.split(' ') : [];
    const isResume = command === `${ESCAPE}resume`;
    this.#together.push(isResume ? frame.replace(token, this.#tokens.get(token)) : frame);
    if (isResume) this.#greeted = Number(received);
    if (together) return;
    this.#url ??= await this.#serve();
    await this.#connections.get(connection).send(this.#url, this.#together.splice(0));
  }

  async #serve() {
    const { spread, largest } = this.#terms;
    const options = { spread, timeToLive: 60_000, idle: FOREVER, origins: 'any', limits: { messageBytes: largest } };
    return this.#server.url + (await this.#server.ask('node', { options, prefix: this.#store.prefix }));
  }

  #comes({ connection, frame, forged }) {
    if (forged) return;
    const { arrived } = this.#connections.get(connection);
    assert.deepEqual(this.#withTokensOfSteps(arrived.shift()), { frame });
    if (frame === `${ESCAPE}end`) this.#connections.get(connection).mayClose = true;
  }

  #withTokensOfSteps(said) {
    const [command, made, ...rest] = typeof said?.frame === 'string' ? said.frame.split(' ') : [];
    if (command !== `${ESCAPE}welcome`) return said;
    assert.match(made, /^[0-9a-f]{32}$/);
    const token = this.#awaited.shift();
    assert.ok(![...this.#tokens.values()].includes(made), 'a token is given to one session');
    this.#tokens.set(token, made);
    return { frame: [command, token, ...rest].join(' ') };
  }

  async #cut(number) {
    this.#connections.get(number).cut();
    const open = [...this.#connections.values()].filter((connection) => connection.isOpen);
    await this.#server.ask('connections', { count: open.length });
  }

  async #serverDoes(step) {
    if (step.token) this.#awaited.push(step.token);
    else if (step.terms) {
      // Another node has them, in the same store.
      this.#terms = step.terms;
      this.#url = undefined;
      this.#mayEnd.add('moved');
    } else if (step.forgets) {
      this.#store = new Store();
      this.#url = undefined;
    } else if (step.restarts) {
      this.saysNothing();
      this.stop();
      this.#server = await this.#restart();
      await this.#server.ask('time', { at: this.#time });
      this.#url = undefined;
      if (step.loses) this.#stored = await this.#store.lose(this.#stored, step.loses);
    } else if ('sends' in step) {
      await this.#server.ask('send', { message: step.sends });
      this.#stored.sent++;
    } else if (step.ends) await this.#server.ask('end');
    else if ('receives' in step) {
      assert.deepEqual(this.#hear(), { receives: step.receives, number: step.number });
    } else if (step.hears === 'acknowledged') {
      assert.ok('delivered' in this.#hear());
      while ('delivered' in (this.#server.heard[0] ?? {})) this.#hear();
    } else if (step.hears === 'ended') {
      const { ended, undelivered } = this.#hear();
      assert.match(ended, /^(client|app)$/);
      assert.deepEqual(undelivered, []);
    } else if (step.hears?.pong !== undefined) {
      // The app does not hear it.
    } else if ('returns' in step) {
      if (this.#returned.length === 0) this.#returned = this.#hear().undelivered;
      assert.deepEqual(this.#returned.shift(), step.returns);
    } else if (step.closes) {
      const { closes, reason } = this.#connections.get(step.connection).arrived.shift() ?? {};
      // Why it is taken over is said in the server's own words.
      assert.deepEqual(
        { closes, reason: closes === 4000 ? step.reason : reason },
        { closes: step.closes, reason: step.reason },
      );
      this.#mayEnd.add('violation');
    } else throw new Error('this step is not known');
  }

  /** What the app has heard next. */
  #hear() {
    this.#skipUnsaid();
    assert.ok(this.#server.heard.length > 0, 'the app has heard nothing');
    return this.#server.heard.shift();
  }

  #skipUnsaid() {
    const { heard } = this.#server;
    const isUnsaid = ({ delivered, ended, undelivered }) =>
      delivered <= this.#greeted || (this.#mayEnd.has(ended) && undelivered.length === 0);
    while (heard.length > 0 && isUnsaid(heard[0])) heard.shift();
  }
}

/** A connection of the client, which is there once something is sent on it. */
class Connection {
  /** What has come on it and no step has said. */
  arrived = [];
  /** Whether the session has ended, after which the server closes the connection. */
  mayClose = false;
  #comes;
  #socket;

  /** Calls this with each frame that comes. */
  constructor(comes) {
    this.#comes = comes;
  }

  get isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** Sends these in one packet. */
  async send(url, frames) {
    this.#socket ??= await this.#open(url);
    const { _socket: stream } = this.#socket;
    stream.cork();
    for (const frame of frames)
      this.#socket.send(frame.binary === undefined ? frame : Buffer.from(frame.binary, 'hex'));
    stream.uncork();
  }

  /** Waits until the server has read all, and all that it has sent is here. */
  async reach() {
    const socket = this.#socket;
    if (!socket || socket.readyState === WebSocket.CLOSED) return;
    if (this.isOpen) socket.ping();
    await new Promise((resolve) => {
      const reached = () => {
        socket.off('pong', reached).off('close', reached);
        resolve();
      };
      socket.on('pong', reached).on('close', reached);
    });
  }

  cut() {
    this.#socket?.removeAllListeners('close').terminate();
    this.#socket = undefined;
  }

  async #open(url) {
    const socket = new WebSocket(url, ['undrop.1'], { perMessageDeflate: false });
    socket.on('message', (data, isBinary) => {
      const frame = isBinary ? { binary: data.toString('hex') } : data.toString();
      this.arrived.push({ frame });
      this.#comes(frame);
    });
    socket.on('close', (code, reason) => {
      if (!(this.mayClose && code === 1000)) this.arrived.push({ closes: code, reason: reason.toString() });
    });
    await once(socket, 'open');
    return socket;
  }
}

/** What is in Redis under a prefix of its own, as it was whenever it was noted. */
class Store {
  static #count = 0;
  prefix = `vectors:${++Store.#count}:`;
  #noted = new Map();

  /** Notes what is there, under what the steps say is there. */
  async note(stored) {
    const keys = await client.keys(`${this.prefix}*`);
    const dump = (key) => Promise.all([key, client.pttl(key), client.callBuffer('DUMP', key)]);
    this.#noted.set(JSON.stringify(stored), await Promise.all(keys.map(dump)));
  }

  /** Goes back to where there was so much less. Returns what there is then. */
  async lose(stored, less) {
    const left = Object.fromEntries(Object.entries(stored).map(([name, count]) => [name, count - (less[name] ?? 0)]));
    const noted = this.#noted.get(JSON.stringify(left));
    assert.ok(noted, 'the store was never like that');
    const keys = await client.keys(`${this.prefix}*`);
    if (keys.length > 0) await client.del(keys);
    for (const [key, milliseconds, value] of noted) await client.call('RESTORE', key, Math.max(milliseconds, 0), value);
    return left;
  }
}
