// A client that keeps to the protocol, on connections that break at any byte: the promise of the protocol, tried.

import { createHash } from 'node:crypto';
import { describe, describeItem } from './describe.js';
import { type Item, isSame, type Message } from './item.js';
import { type Connection, type Kit, Wrong } from './kit.js';
import { rules } from './rules.js';

/** How many messages are new on each connection. */
const NEW = 10;

/** A connection that breaks, breaks within so many bytes from where it was asked for the session. */
const MOST_BYTES = 1_200;

export async function cuts(kit: Kit, number: number): Promise<void> {
  const below = random(kit.options.seed);
  const messages: Message[] = [];
  const abandoned: Connection[] = [];
  const first = await kit.open();
  const { session } = first;
  /** The numbers of the messages that have left. They count on where a connection has not carried them. */
  let left = 0;

  /** Says on a connection what the server lacks, and something new. */
  const speak = (connection: Connection) => {
    for (const message of messages.slice(session.sent)) connection.send(message);
    for (let index = 0; index < NEW; index++) {
      const message = made(messages.length + 1, below(300));
      messages.push(message);
      connection.send(message);
    }
    left = messages.length;
  };

  /** Listens until the connection is gone, or all has come back. */
  const listen = async (connection: Connection) => {
    for (;;) {
      if (!connection.asked && session.received === messages.length) return;
      const before = session.received;
      const item = await connection.next();
      if (connection.isCut) return;
      if (item.kind === 'message') {
        const complaint = misplaced(messages, before, item.message);
        if (complaint) throw new Wrong(rules.once, `message ${before + 1} of the session`, complaint);
        if (below(3) === 0) connection.ack();
      } else if (connection.asked && item.kind === 'control' && item.control.name === 'resumed') {
        const { received } = item.control;
        if (received < session.acknowledged || received > left)
          throw new Wrong(
            rules.resumed,
            `resumed with a count from ${session.acknowledged} (acknowledged) to ${left} (sent)`,
            describeItem(item),
          );
        connection.goesOn(item.control);
        speak(connection);
      } else throw wrong(connection, item, before);
    }
  };

  speak(first);
  await listen(first);
  first.cut();
  for (let count = 1; count <= number; count++) {
    const connection = await kit.connect();
    const limit = 1 + below(MOST_BYTES);
    // What it has read breaks off in half of them, what it has written in the other half. Half of them end for the server as
    // well, and the other half stay open without a word, so that the server finds out by the next one.
    const isReading = below(2) === 0;
    const isKept = below(2) === 0;
    connection.breaksAfter(
      isReading ? limit : Number.POSITIVE_INFINITY,
      isReading ? Number.POSITIVE_INFINITY : limit,
      isKept,
    );
    abandoned.push(connection);
    connection.ask(session);
    await listen(connection);
    if (!connection.isCut) connection.cut();
  }
  const last = await kit.connect();
  last.ask(session);
  await listen(last);
  await last.acknowledged();
  await last.nothing(rules.once);
  for (const connection of abandoned) connection.socket.cut();
}

const made = (number: number, length: number): Message => {
  const text = `${number} ${'.'.repeat(length)}`;
  return number % 3 === 0 ? Buffer.from(text) : text;
};

/** What is wrong with a message that comes after so many others. */
function misplaced(messages: Message[], before: number, message: Message): string | undefined {
  const expected = messages[before];
  if (expected !== undefined && isSame(message, expected)) return undefined;
  const number = messages.findIndex((each) => isSame(each, message)) + 1;
  if (number === 0) return `${describe(message)}, which was never sent`;
  return number <= before
    ? `message ${number} once more: it is duplicated`
    : `message ${number}: what was before it is lost, or reordered`;
}

const wrong = (connection: Connection, item: Item, before: number) => {
  if (item.kind === 'control' && item.control.name === 'welcome')
    return new Wrong(rules.keeps, 'resumed', 'welcome: the session is lost');
  return connection.asked
    ? new Wrong(rules.resumed, 'resumed', describeItem(item))
    : new Wrong(rules.once, `message ${before + 1} of the session`, describeItem(item));
};

/** Returns a function `(below) => number` whose numbers follow from the seed. */
function random(seed: number): (below: number) => number {
  let turn = 0;
  return (below) => createHash('sha256').update(`${seed} ${turn++}`).digest().readUInt32BE() % below;
}
