// What breaks the protocol, or is too large.

import { frames } from '../../../proto/vectors/undrop.1.json';
import { describeItem } from '../describe.js';
import { marker } from '../frames.js';
import { type Check, type Connection, type Kit, MOST_BYTES, Skipped, Wrong } from '../kit.js';
import { type Rule, rules } from '../rules.js';
import { opcodes } from '../websocket.js';

export const violations: Check[] = [
  {
    name: 'ack of the future',
    says: 'who acknowledges what was not sent breaks the protocol',
    async run(kit) {
      const connection = await kit.echoed('one');
      connection.control('ack 2');
      await breaks(kit, connection, rules.ackRange);
    },
  },
  {
    name: 'ack of the past',
    says: 'who acknowledges less than before breaks the protocol',
    async run(kit) {
      const connection = await kit.echoed('one', 'two');
      connection.control('ack 2');
      connection.control('ack 1');
      await breaks(kit, connection, rules.ackRange);
    },
  },
  {
    name: 'malformed frames',
    says: `each of ${invalid().length} malformed control frames breaks the protocol`,
    async run(kit) {
      for (const frame of invalid()) {
        const connection = await kit.open();
        connection.control(frame);
        await connection.closed(1002, rules.violation);
      }
      for (const frame of ['nonsense', 'new ', 'resume 1 0 0 1 0', `resume ${'0'.repeat(32)} 0 0 01 0`]) {
        const connection = await kit.connect();
        connection.control(frame);
        await connection.closed(1002, rules.firstFrame);
      }
    },
  },
  {
    name: 'violation',
    says: 'a session is over after a violation',
    async run(kit) {
      const connection = await kit.echoed('one');
      connection.control('nonsense');
      await breaks(kit, connection, rules.violation);
    },
  },
  {
    name: 'unexpected frames',
    says: 'a control frame that has no place in a live session breaks the protocol',
    async run(kit) {
      for (const frame of ['new', 'resume TOKEN 0 0 1 0', 'welcome TOKEN 1 1 1', 'resumed 0 1 1']) {
        const connection = await kit.open();
        connection.control(frame.replace('TOKEN', connection.session.token));
        await connection.closed(1002, rules.violation);
      }
    },
  },
  {
    name: 'first frame',
    says: 'only new and resume begin a connection',
    async run(kit) {
      for (const message of ['hello', `${marker}new`, Buffer.from(`${marker}new`)]) {
        const connection = await kit.connect();
        connection.send(message);
        await connection.closed(1002, rules.noGreeting);
      }
      for (const frame of ['ack 0', 'ping 1', 'pong 1', 'end']) {
        const connection = await kit.connect();
        connection.control(frame);
        await connection.closed(1002, rules.noGreeting);
      }
    },
  },
  {
    name: 'largest message',
    says: 'a message of LARGEST bytes is accepted',
    async run(kit) {
      const connection = await kit.open();
      const { largest } = connection.session;
      if (largest > MOST_BYTES) throw new Skipped(`LARGEST is ${largest}, which is too much to try`);
      await connection.echo(Buffer.alloc(largest, 7), rules.largest);
      // With the U+0010 in front.
      if (largest > 1) await connection.echo(`${marker}${'x'.repeat(largest - 2)}`, rules.largest);
    },
  },
  {
    name: 'too large',
    says: 'a larger one is refused with 1009: whole, in fragments, and when only its header has come',
    async run(kit) {
      const whole = await kit.open();
      const { largest } = whole.session;
      if (largest > MOST_BYTES) throw new Skipped(`LARGEST is ${largest}, which is too much to try`);
      whole.send(Buffer.alloc(largest + 1));
      await whole.closed(1009, rules.tooLarge);
      const parts = await kit.open();
      const half = Buffer.alloc(Math.ceil((largest + 1) / 2));
      parts.raw('the first half of a large message', half, { opcode: opcodes.binary, isFinal: false });
      parts.raw('the second half', half, { opcode: opcodes.continuation });
      await parts.closed(1009, rules.tooLarge);
      const promised = await kit.open();
      const header = { opcode: opcodes.binary, length: 1n << 40n };
      promised.raw('the header of a message of 1 TiB', '', header);
      await promised.closed(1009, rules.tooLarge);
    },
  },
  {
    name: 'malformed WebSocket frames',
    says: 'the connection ends as RFC 6455 says',
    async run(kit) {
      const utf8 = await kit.open();
      utf8.raw('a text that is not UTF-8', Buffer.from([0x61, 0xff]));
      await utf8.closed(1007, rules.websocket);
      const malformed: [string, string, object][] = [
        ['a frame that is not masked', 'x', { isMasked: false }],
        ['a frame with a reserved bit', 'x', { reserved: 2 }],
        ['a frame with an opcode that there is not', 'x', { opcode: 3 }],
        ['a continuation of nothing', 'x', { opcode: opcodes.continuation }],
      ];
      for (const [what, payload, options] of malformed) {
        const connection = await kit.open();
        connection.raw(what, payload, options);
        const item = await connection.next();
        const isEnd = item.kind === 'gone' || (item.kind === 'close' && item.code === 1002);
        if (!isEnd) throw new Wrong(rules.websocket, 'a close frame with 1002', describeItem(item));
      }
    },
  },
];

/** The connection is closed with 1002, and its session is over. */
async function breaks(kit: Kit, connection: Connection, rule: Rule): Promise<void> {
  await connection.closed(1002, rule);
  await kit.isOver(connection.session);
}

/** The vectors' malformed frames that are control frames. */
function invalid(): string[] {
  return frames.invalid
    .map(({ frame }) => frame)
    .filter((frame) => frame.startsWith(marker))
    .map((frame) => frame.slice(1));
}
