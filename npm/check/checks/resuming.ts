// A session that goes on over another connection, and one that does not.

import { cuts } from '../cuts.js';
import { describeItem } from '../describe.js';
import { type Check, Skipped, Wrong } from '../kit.js';
import { rules } from '../rules.js';

export const resuming: Check[] = [
  {
    name: 'resume',
    says: 'a session goes on on another connection, and nothing that was taken comes again',
    async run(kit) {
      const first = await kit.echoed('one', 'two', 'three');
      first.cut();
      const second = await kit.resumed(first.session);
      await second.echo('four', rules.forget);
      second.cut();
      const third = await kit.resumed(first.session);
      await third.nothing(rules.forget);
      await third.echo('five', rules.forget);
    },
  },
  {
    name: 'retransmission',
    says: 'what the client has not taken comes again, in order and once',
    async run(kit) {
      const first = await kit.echoed('one', 'two', 'three', 'four');
      const { session } = first;
      first.control('ack 1');
      first.cut();
      // As if the rest had been lost on the way.
      session.received = 2;
      const second = await kit.resumed(session);
      await second.messages(['three', 'four'], rules.sendsAgain);
      await second.nothing(rules.forget);
      second.cut();
      // What this connection has brought was lost, too.
      session.received = 2;
      const third = await kit.resumed(session);
      await third.messages(['three', 'four'], rules.sendsAgain);
      await third.echo('five', rules.once);
    },
  },
  {
    name: 'a message lost on the way up',
    says: 'resumed says how many messages the server has, and the rest is welcome',
    async run(kit) {
      const first = await kit.echoed('one');
      const text = Buffer.from('half of a message that never comes as a whole');
      first.raw('the first part of a message', text, { isFinal: false });
      first.cut();
      const second = await kit.resumed(first.session);
      await second.echo('two', rules.once);
    },
  },
  {
    name: 'resume of the past',
    says: 'a client that has taken less than it has acknowledged is refused with 1002',
    async run(kit) {
      const connection = await kit.echoed('one', 'two');
      connection.ack();
      // Its answer proves that the acknowledgement has been read.
      connection.control('ping 1');
      await connection.pong(1);
      const late = await kit.resume(connection.session, { received: 1 });
      await late.closed(1002, rules.past);
      await connection.echo('three', rules.past);
    },
  },
  {
    name: 'resume of the future',
    says: 'a client that knows of more messages than the server is told that some are lost',
    async run(kit) {
      const connection = await kit.echoed('one', 'two');
      await connection.acknowledged();
      const { session } = connection;
      for (const claims of [{ received: 3 }, { acknowledged: 3 }, { received: 3, acknowledged: 3 }]) {
        const lost = await kit.resume(session, claims);
        await lost.welcome(rules.lostCounts, true);
        await lost.echo('in the new session', rules.welcome);
      }
      await connection.echo('three', rules.lostUndisturbed);
      connection.cut();
      const again = await kit.resumed(session);
      await again.echo('four', rules.lostUndisturbed);
    },
  },
  {
    name: 'answered of the future',
    says: 'the same for one that was answered on a connection that the server does not know of',
    async run(kit) {
      const first = await kit.echoed('one');
      const { session } = first;
      const lost = await kit.resume(session, { answered: 1, attempt: 2 });
      await lost.welcome(rules.lostAttempt, true);
      first.cut();
      const second = await kit.resumed(session);
      // This is looked at before it is asked whether the request is late.
      const late = await kit.resume(session, { answered: session.attempt + 7, attempt: 1 });
      await late.welcome(rules.lostAttempt, true);
      await second.echo('two', rules.lostUndisturbed);
    },
  },
  {
    name: 'late attempt',
    says: 'a resume whose number is not greater than the last is closed with 4000',
    async run(kit) {
      const first = await kit.echoed('one');
      const { session } = first;
      const zero = await kit.resume(session, { attempt: 0 });
      await zero.closed(4000, rules.late);
      first.cut();
      const second = await kit.resume(session, { attempt: 7 });
      await second.resumed();
      for (const attempt of [7, 3]) {
        const late = await kit.resume(session, { attempt, answered: 0 });
        await late.closed(4000, rules.late);
      }
      await second.echo('two', rules.lateStays);
      const third = await kit.resume(session, { attempt: 2 ** 32 - 1 });
      await third.resumed();
    },
  },
  {
    name: 'takeover',
    says: 'the last connection has the session, and the one before is closed with 4000',
    async run(kit) {
      const first = await kit.echoed('one');
      const second = await kit.resumed(first.session);
      first.raw('a message on the connection before', 'of the past');
      await first.closed(4000, rules.takenOver);
      await second.echo('two', rules.takenOver);
      await second.acknowledged(rules.takenOver);
      await second.nothing(rules.takenOver);
    },
  },
  {
    name: 'unknown token',
    says: 'who asks for a session that there is not gets a new one, under another token',
    async run(kit) {
      const connection = await kit.echoed('one');
      const { session } = connection;
      const near = session.token.replace(/.$/, (digit) => (digit === '0' ? '1' : '0'));
      for (const token of ['0'.repeat(32), 'f'.repeat(32), near]) {
        const other = await kit.resume({ ...session, token }, { received: 3, acknowledged: 2 });
        await other.welcome(rules.unknown);
        await other.echo('one', rules.welcome);
      }
      await connection.echo('two', rules.unknown);
    },
  },
  {
    name: "another user's token",
    says: 'it gets a new session, as if there were no such token',
    async run(kit) {
      const { headers, otherHeaders } = kit.options;
      if (otherHeaders.length === 0)
        throw new Skipped("give the headers of two users: --header 'Cookie: ...' --other 'Cookie: ...'");
      const connection = await kit.open(headers);
      await connection.echo('one');
      const foreign = await kit.resume(connection.session, {}, otherHeaders);
      await foreign.welcome(rules.foreign);
      await connection.echo('two', rules.foreign);
      connection.cut();
      const again = await kit.resumed(connection.session);
      await again.echo('three', rules.foreign);
    },
  },
  {
    name: 'cuts',
    says: 'over 50 connections that break at any byte, nothing is lost, duplicated or reordered',
    run: (kit) => cuts(kit, 50),
  },
  {
    name: 'close frame',
    says: 'a client that closes without an end keeps its session',
    async run(kit) {
      for (const code of [1001, 4999]) {
        const first = await kit.echoed('one');
        first.close(code);
        const item = await first.next();
        if (item.kind !== 'close' && item.kind !== 'gone')
          throw new Wrong(rules.websocket, 'the answer to the close frame', describeItem(item));
        const second = await kit.resumed(first.session).catch((error: unknown) => {
          if (error instanceof Wrong) throw new Wrong(rules.keeps, error.must, error.came);
          throw error;
        });
        await second.echo('two', rules.keeps);
      }
    },
  },
];
