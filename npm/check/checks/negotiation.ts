// How a connection begins: the subprotocol, and a new session.

import { describeAnswer } from '../describe.js';
import { type Check, Wrong } from '../kit.js';
import { rules } from '../rules.js';

export const negotiation: Check[] = [
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
      await connection.firstEcho('hi');
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
      await connection.messages(['one', 'two'], rules.early, 1);
      await connection.acknowledged();
    },
  },
];
