// What a server does with clients that take its time or its memory.

import { describeItem } from '../describe.js';
import { type Check, MOST_BYTES, Skipped, Wrong } from '../kit.js';
import { rules } from '../rules.js';

const SLOWEST_GREETING = 60_000;

export const limits: Check[] = [
  {
    name: 'silent client',
    says: 'a connection on which nothing is said is closed with 4001',
    async run(kit) {
      if (!kit.options.isSlow) throw new Skipped('it takes as long as the server waits: --slow');
      const connection = await kit.connect();
      const item = await connection.next(SLOWEST_GREETING);
      if (item.kind !== 'close' || item.code !== 4001)
        throw new Wrong(rules.silent, 'a close frame with 4001', describeItem(item));
    },
  },
  {
    name: 'unacknowledged',
    says: 'a client that acknowledges nothing can not fill the memory of the server',
    async run(kit) {
      if (!kit.options.isSlow) throw new Skipped(`it sends ${MOST_BYTES >> 20} MiB: --slow`);
      const connection = await kit.open();
      const size = Math.min(connection.session.largest, 1 << 20);
      const number = Math.ceil(MOST_BYTES / size);
      for (let sent = 0, received = 0; received < number; ) {
        if (sent < number && connection.socket.buffered < 2 * size) {
          connection.send(Buffer.alloc(size));
          sent++;
        }
        const item = await connection.next(sent < number ? 1 : kit.options.timeout);
        if (item.kind === 'message') received++;
        // It may end the session, or stop reading: what it must not do is keep it all.
        else if (item.kind !== 'nothing' || sent === number) return;
        else if (connection.socket.buffered >= 2 * size) {
          const late = await connection.next();
          if (late.kind !== 'message') return;
          received++;
        }
      }
      throw new Wrong(
        rules.bounded,
        'an end to what is sent to a client that acknowledges nothing',
        `${number} messages of ${size} bytes, which the server has to keep`,
      );
    },
  },
];
