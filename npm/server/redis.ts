// Sessions in Redis, through a client that the app has.

import { type Check, check, checkOptions, isObject, text } from './checks.js';
import { say } from './log.js';

/** What of a client of the package `redis` is used, from version 5 on. */
export interface NodeRedis {
  withTypeMapping(mapping: Record<number, unknown>): { sendCommand(command: (string | Buffer)[]): Promise<unknown> };
  duplicate(): NodeRedis;
  connect(): Promise<unknown>;
  subscribe(channel: string, heard: (text: string) => void): Promise<unknown>;
  on(event: string, listener: (first: string, second: string) => void): unknown;
  destroy(): unknown;
}

/** What of a client of the package `ioredis` is used. */
export interface IoRedis {
  callBuffer(command: string, ...given: (string | Buffer)[]): Promise<unknown>;
  duplicate(): IoRedis;
  subscribe(channel: string): Promise<unknown>;
  on(event: string, listener: (first: string, second: string) => void): unknown;
  disconnect(): void;
}

/** How a string of Redis is named in the protocol: https://redis.io/docs/latest/develop/reference/protocol-spec/#bulk-strings */
const BULK_STRING = '$'.charCodeAt(0);

/** What the core asks of Redis. */
interface Commands {
  call(command: (string | Uint8Array)[]): Promise<unknown>;
  subscribe(channel: string, heard: (text?: string) => void): void;
}

/**
 * Sessions kept in Redis: they outlive a node, and any other one resumes them, one that is written in Rust too. The client is
 * of the package `redis` (5 or newer) or `ioredis`, and is connected by the app. Nodes are told of messages for their
 * sessions on a connection of its own, which the store makes by `client.duplicate()`.
 *
 * ```js
 * import { createClient } from 'redis';
 * import { RedisStore, Sessions } from 'undrop/server';
 *
 * const client = await createClient({ url: 'redis://127.0.0.1' }).connect();
 * const sessions = new Sessions({ store: new RedisStore(client) });
 * ```
 */
export class RedisStore {
  /** What the keys begin with. */
  readonly prefix: string;
  /** @internal */
  readonly commands: Commands;
  /** Ends the connection on which Redis tells what is published, if there is one. */
  #unsubscribe: () => void = () => {};

  /** `prefix` is what the keys begin with. Two `Sessions` in one Redis need two. Default: `undrop:`. */
  constructor(client: NodeRedis | IoRedis, options: { prefix?: string | undefined } = {}) {
    check('the client of new RedisStore(client, options)', redisClient, client);
    checkOptions('the options of new RedisStore(client, options)', { prefix: text }, options);
    const { prefix = 'undrop:' } = options;
    this.prefix = prefix;
    const subscribe: Commands['subscribe'] = (channel, heard) => {
      this.#unsubscribe = subscribed(client, channel, heard);
    };
    this.commands = { call: callOf(client), subscribe };
  }

  /** Ends the connection that the store has made. `Sessions.shutDown` calls it. */
  async close(): Promise<void> {
    this.#unsubscribe();
    this.#unsubscribe = () => {};
  }
}

const redisClient: Check = {
  must: 'a client of the package redis, version 5 or newer, or of ioredis',
  fits: (client) => isObject(client) && ('callBuffer' in client || 'withTypeMapping' in client),
};

/** A function that sends a command, whose reply has bytes for strings. */
const callOf = (client: NodeRedis | IoRedis): Commands['call'] => {
  if ('callBuffer' in client)
    return ([name, ...given]) => client.callBuffer(name as string, ...(given as (string | Buffer)[]));
  const raw = client.withTypeMapping({ [BULK_STRING]: Buffer });
  return (command) => raw.sendCommand(command.map((one) => (typeof one === 'string' ? one : Buffer.from(one))));
};

/** Listens on a connection of its own. Returns what ends that. */
const subscribed = (client: NodeRedis | IoRedis, channel: string, heard: (text?: string) => void): (() => void) => {
  const subscriber = client.duplicate();
  let isOver = false;
  // The client connects again by itself. What is not heard meanwhile is found when a session writes next.
  const failed = ({ message }: { message: string }) => {
    if (!isOver) say('info', `the subscription to Redis was lost: ${message}`);
  };
  subscriber.on('error', failed as never);
  subscriber.on('ready', () => heard());
  if ('callBuffer' in subscriber) {
    subscriber.on('message', (_, text) => heard(text));
    subscriber.subscribe(channel).catch(failed);
  } else {
    const begun = subscriber.connect().then(() => subscriber.subscribe(channel, (text) => heard(text)));
    begun.catch(failed);
  }
  return () => {
    isOver = true;
    if ('callBuffer' in subscriber) subscriber.disconnect();
    else subscriber.destroy();
  };
};
