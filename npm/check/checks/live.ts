// A session that is live: messages of each kind, pings, acknowledgements.

import { describeItem } from '../describe.js';
import { marker } from '../frames.js';
import { type Check, type Connection, Wrong } from '../kit.js';
import { rules } from '../rules.js';
import { opcodes } from '../websocket.js';

export const live: Check[] = [
  {
    name: 'escape',
    says: 'only a text that begins with U+0010 has one more of them on the wire',
    async run(kit) {
      const connection = await kit.open();
      for (const text of [marker, `${marker}ack 1`, `${marker}new`, `${marker}${marker}`, `a${marker}`])
        await connection.echo(text, rules.escape);
      await connection.echo(Buffer.from(`${marker}new`), rules.binary);
    },
  },
  {
    name: 'fragments',
    says: 'a frame in several fragments is one frame',
    async run(kit) {
      const connection = await kit.open();
      const text = Buffer.from('in three parts: 漢字');
      connection.count(1);
      connection.raw('the first part of a text', text.subarray(0, 17), { isFinal: false });
      connection.raw('a ping of WebSocket', 'still here', { opcode: opcodes.ping });
      // Before the message is there in whole: of a pong and a message either may leave first.
      await webSocketPong(connection, 'still here');
      connection.raw('the second part', text.subarray(17, 20), { isFinal: false, opcode: opcodes.continuation });
      connection.raw('the last part', text.subarray(20), { opcode: opcodes.continuation });
      await connection.message(text.toString(), rules.frame);
      connection.raw('the first part of ping 7', `${marker}pi`, { isFinal: false });
      connection.raw('the last part', 'ng 7', { opcode: opcodes.continuation });
      await connection.pong(7, rules.frame);
    },
  },
  {
    name: 'ping',
    says: 'each ping is answered with its number',
    async run(kit) {
      const connection = await kit.open();
      for (const number of [0, 7, 2 ** 53 - 1]) {
        connection.control(`ping ${number}`);
        await connection.pong(number);
      }
      connection.raw('a ping of WebSocket', 'and this', { opcode: opcodes.ping });
      await webSocketPong(connection, 'and this');
    },
  },
  {
    name: 'many pings',
    says: 'of pings that come fast at least the last one is answered',
    async run(kit) {
      const connection = await kit.open();
      connection.together(() => {
        for (let number = 1; number <= 1_000; number++) connection.raw(`ping ${number}`, `${marker}ping ${number}`);
      });
      for (let last = 0; last < 1_000; ) {
        const item = await connection.next();
        if (item.kind !== 'control' || item.control.name !== 'pong' || item.control.number <= last)
          throw new Wrong(rules.pings, 'pong 1000', describeItem(item));
        last = item.control.number;
      }
      await connection.echo('still here');
    },
  },
  {
    name: 'unasked pong',
    says: 'a pong that nobody has asked for changes nothing',
    async run(kit) {
      const connection = await kit.open();
      connection.control('pong 5');
      await connection.echo('still here', rules.pong);
    },
  },
  {
    name: 'ack',
    says: 'a message is acknowledged, once, and then all is quiet',
    async run(kit) {
      const connection = await kit.echoed('one');
      await connection.acknowledged();
      await connection.nothing(rules.ackNothing);
      connection.ack();
      connection.ack();
      await connection.echo('two', rules.ackRange);
      await connection.acknowledged();
    },
  },
  {
    name: 'many messages',
    says: 'a thousand messages come back in order, and are acknowledged',
    async run(kit) {
      const connection = await kit.open();
      const messages = Array.from({ length: 1_000 }, (_, index) => `${index + 1}`);
      connection.together(() => {
        for (const message of messages) connection.send(message);
      });
      for (const message of messages) {
        await connection.message(message, rules.once);
        if (connection.session.received % 32 === 0) connection.ack();
      }
      await connection.acknowledged();
    },
  },
];

async function webSocketPong(connection: Connection, payload: string): Promise<void> {
  const item = await connection.next();
  if (item.kind !== 'websocket-pong' || item.bytes.toString() !== payload)
    throw new Wrong(rules.websocket, `a pong of WebSocket with the payload "${payload}"`, describeItem(item));
}
