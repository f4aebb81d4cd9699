// What is checked, in the order in which it is.

import { frames } from '../../proto/vectors/undrop.1.json';
import { cuts } from './cuts.js';
import { marker } from './frames.js';
import {
  type Connection,
  describe,
  describeAnswer,
  describeItem,
  encoded,
  type Kit,
  type Message,
  Skipped,
  Wrong,
} from './kit.js';
import { type Rule, rules } from './rules.js';
import { opcodes } from './websocket.js';

export interface Check {
  name: string;
  /** What a server that passes it does. */
  says: string;
  /** All others say nothing of a server that fails this one. */
  isNeededByAll?: true;
  run: (kit: Kit) => Promise<void>;
}

export const checks: Check[] = [
  {
    name: 'handshake',
    says: 'the subprotocol that is offered is selected',
    isNeededByAll: true,
    async run(kit) {
      await kit.connect();
    },
  },
  {
    name: 'welcome',
    says: 'each new session gets a token of its own',
    isNeededByAll: true,
    async run(kit) {
      const [one, other] = [await kit.open(), await kit.open()];
      if (one.session.token === other.session.token)
        throw new Wrong(rules.fresh, 'a token that is new for each session', 'the same one twice');
    },
  },
  {
    name: 'echo',
    says: 'each message comes back as it was, be it text or binary or empty',
    isNeededByAll: true,
    async run(kit) {
      const connection = await kit.open();
      await connection.echo('hi');
      for (const text of ['', 'ack 1', ' ', '\0', 'Ж 漢字 🌍\r\n', '\u0011new']) await connection.echo(text);
      for (const bytes of [[], [0], [1, 2, 255]]) await connection.echo(Buffer.from(bytes), rules.binary);
    },
  },
  {
    name: 'several subprotocols',
    says: 'one that the server speaks is selected, wherever it stands in the offer',
    async run(kit) {
      const answer = await kit.ask(['undrop.1+no-app-speaks-this', kit.offer]);
      if (answer.kind !== 'accepted' || answer.protocol !== kit.offer)
        throw new Wrong(rules.selects, `status 101 that selects ${kit.offer}`, describeAnswer(answer));
      kit.adopt(answer.socket);
    },
  },
  {
    name: 'other subprotocols',
    says: 'a client that offers none, or only others, does not get a session',
    async run(kit) {
      for (const offer of [[], ['undrop.2'], ['undrop.1+no-app-speaks-this'], ['chat']]) {
        const answer = await kit.ask(offer);
        if (answer.kind !== 'accepted') continue;
        kit.adopt(answer.socket);
        if (answer.protocol?.startsWith('undrop.1'))
          throw new Wrong(rules.selectsNoOther, 'a refusal, or a connection without a session', describeAnswer(answer));
      }
    },
  },
  {
    name: 'messages behind new',
    says: 'what comes in the same packet as new is of the new session',
    async run(kit) {
      const connection = await kit.connect();
      connection.together(() => {
        connection.control('new');
        connection.send('one');
        connection.control('ping 1');
        connection.send('two');
      });
      await connection.welcome(rules.early);
      await gets(connection, ['one', 'two'], rules.early, 1);
      await connection.acknowledged();
    },
  },
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
      connection.raw('the second part', text.subarray(17, 20), { isFinal: false, opcode: opcodes.continuation });
      connection.raw('the last part', text.subarray(20), { opcode: opcodes.continuation });
      await webSocketPong(connection, 'still here');
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
        const isPong = item.kind === 'control' && item.control.name === 'pong' && item.control.number > last;
        if (!isPong) throw new Wrong(rules.pings, 'pong 1000', describeItem(item));
        last = item.control.name === 'pong' ? item.control.number : last;
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
      const connection = await kit.open();
      await connection.echo('one');
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
  {
    name: 'ack of the future',
    says: 'who acknowledges what was not sent breaks the protocol',
    async run(kit) {
      const connection = await kit.open();
      await connection.echo('one');
      connection.control('ack 2');
      await connection.closed(1002, rules.ackRange);
      await isOver(kit, connection);
    },
  },
  {
    name: 'ack of the past',
    says: 'who acknowledges less than before breaks the protocol',
    async run(kit) {
      const connection = await kit.open();
      for (const message of ['one', 'two']) await connection.echo(message);
      connection.control('ack 2');
      connection.control('ack 1');
      await connection.closed(1002, rules.ackRange);
      await isOver(kit, connection);
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
      const connection = await kit.open();
      await connection.echo('one');
      connection.control('nonsense');
      await connection.closed(1002, rules.violation);
      await isOver(kit, connection);
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
  {
    name: 'resume',
    says: 'a session goes on on another connection, and nothing that was taken comes again',
    async run(kit) {
      const first = await kit.open();
      for (const message of ['one', 'two', 'three']) await first.echo(message);
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
      const first = await kit.open();
      const { session } = first;
      for (const message of ['one', 'two', 'three', 'four']) await first.echo(message);
      first.control('ack 1');
      first.cut();
      // As if the rest had been lost on the way.
      session.received = 2;
      const second = await kit.resumed(session);
      await gets(second, ['three', 'four'], rules.sendsAgain);
      await second.nothing(rules.forget);
      second.cut();
      // What this connection has brought was lost, too.
      session.received = 2;
      const third = await kit.resumed(session);
      await gets(third, ['three', 'four'], rules.sendsAgain);
      await third.echo('five', rules.once);
    },
  },
  {
    name: 'a message lost on the way up',
    says: 'resumed says how many messages the server has, and the rest is welcome',
    async run(kit) {
      const first = await kit.open();
      await first.echo('one');
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
      const connection = await kit.open();
      for (const message of ['one', 'two']) await connection.echo(message);
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
      const connection = await kit.open();
      for (const message of ['one', 'two']) await connection.echo(message);
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
      const first = await kit.open();
      await first.echo('one');
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
      const first = await kit.open();
      await first.echo('one');
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
      const first = await kit.open();
      await first.echo('one');
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
      const connection = await kit.open();
      await connection.echo('one');
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
        const first = await kit.open();
        await first.echo('one');
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
      await isOver(kit, connection);
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
      const first = await kit.open();
      await first.echo('one');
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
        const item = await connection.next(sent < number ? 1 : kit.options.patience);
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

/** What is sent at most to try a limit. */
const MOST_BYTES = 128 << 20;

const SLOWEST_GREETING = 60_000;

/** The vectors' malformed frames that are control frames. */
function invalid(): string[] {
  return frames.invalid
    .map(({ frame }) => frame)
    .filter((frame) => frame.startsWith(marker))
    .map((frame) => frame.slice(1));
}

/** These messages come, and one pong among them if it was asked for. */
async function gets(connection: Connection, messages: Message[], rule: Rule, pong?: number): Promise<void> {
  const left = [...messages];
  let isPongDue = pong !== undefined;
  while (left.length > 0 || isPongDue) {
    const item = await connection.next();
    if (isPongDue && item.kind === 'control' && item.control.name === 'pong' && item.control.number === pong) {
      isPongDue = false;
      continue;
    }
    const expected = left.shift();
    const isExpected =
      item.kind === 'message' &&
      expected !== undefined &&
      encoded(item.message).toString() === encoded(expected).toString();
    if (!isExpected)
      throw new Wrong(
        rule,
        expected === undefined ? `pong ${pong}` : `the message ${describe(expected)}`,
        describeItem(item),
      );
  }
}

async function webSocketPong(connection: Connection, payload: string): Promise<void> {
  const item = await connection.next();
  if (item.kind !== 'websocket-pong' || item.bytes.toString() !== payload)
    throw new Wrong(rules.websocket, `a pong of WebSocket with the payload "${payload}"`, describeItem(item));
}

/** The session of a connection that has ended can't be resumed. */
async function isOver(kit: Kit, connection: Connection): Promise<void> {
  const again = await kit.resume(connection.session);
  await again.welcome(rules.unknown);
}

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
