// The end of a session, by its client.

import { describeItem } from '../describe.js';
import { type Check, type Connection, Wrong } from '../kit.js';
import { type Rule, rules } from '../rules.js';

export const ending: Check[] = [
  {
    name: 'end',
    says: 'an end is answered with the last ack and an end, and the session is over',
    async run(kit) {
      const connection = await kit.open();
      connection.together(() => {
        for (const message of ['one', 'two', 'three']) connection.send(message);
        connection.control('end');
      });
      await ended(connection, rules.end);
      const { acknowledged, sent } = connection.session;
      if (acknowledged !== sent)
        throw new Wrong(rules.end, `ack ${sent} before end`, `end, with ${acknowledged} acknowledged`);
      await connection.nothing(rules.end);
      await kit.isOver(connection.session);
    },
  },
  {
    name: 'early end',
    says: 'an end may come before the answer to new or resume',
    async run(kit) {
      const connection = await kit.connect();
      connection.together(() => {
        connection.control('new');
        connection.control('end');
      });
      await ended(connection, rules.earlyEnd);
      const first = await kit.echoed('one');
      first.cut();
      const { session } = first;
      const second = await kit.connect();
      const { token, received, acknowledged } = session;
      second.together(() => {
        second.control(`resume ${token} ${received} ${acknowledged} 1 0`);
        second.control('end');
      });
      await ended(second, rules.earlyEnd);
      session.attempt = 1;
      const third = await kit.resume(session);
      await third.welcome(rules.end);
    },
  },
];

/** `end` comes, after what was on its way. */
async function ended(connection: Connection, rule: Rule): Promise<void> {
  for (;;) {
    const item = await connection.next();
    if (item.kind === 'control' && item.control.name === 'end') return;
    const isOnItsWay =
      item.kind === 'message' || (item.kind === 'control' && ['welcome', 'resumed'].includes(item.control.name));
    if (!isOnItsWay) throw new Wrong(rule, 'end', describeItem(item));
  }
}
