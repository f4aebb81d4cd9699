// The chat page when another kind of socket is chosen: in a delivery test, while connecting, and on a dead connection.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { browsers } from '../support/browsers.mjs';
import { Person } from './chat/person.mjs';
import { startChat } from './chat/server.mjs';

for (const [browserName, start] of Object.entries(browsers)) {
  describe(browserName, () => {
    let chat;
    let browser;
    let ada;
    let rooms = 0;

    before(async () => {
      chat = await startChat();
      browser = await start();
      ada = new Person(browser);
    });
    after(async () => {
      await browser?.quit();
      await chat?.stop();
    });

    /** Joins a new room over this kind of socket. */
    async function enter(kind) {
      rooms++;
      await ada.enter(chat.url, `kinds-${rooms}`, 'Ada');
      await ada.do(() => {
        // Of a plain socket in a black hole the browser says nothing: who waits for its `close` waits for ever.
        const { WebSocket } = window;
        const sockets = [];
        window.silence = () => {
          for (const socket of sockets.splice(0)) socket.onclose = (event) => event.stopImmediatePropagation();
        };
        window.WebSocket = class extends WebSocket {
          constructor(...given) {
            super(...given);
            // A handler keeps its place, which is before the listeners of the page.
            this.onclose = () => {};
            sockets.push(this);
          }
        };
      });
      await ada.choose(kind);
    }

    /** Joins over a plain socket, whose connection becomes a black hole. */
    async function enterBlackHole() {
      await enter('plain');
      // The server has registered this connection once a message has arrived.
      await ada.say('before');
      await ada.reads('before');
      await blacken();
    }

    /** Waits for the server's answer, as this switch has no visible effect. */
    async function blacken() {
      await ada.do(() => {
        const { fetch } = window;
        window.fetch = async (...given) => {
          const answer = await fetch(...given);
          document.body.dataset.thrown = given[0];
          return answer;
        };
        window.silence();
        document.getElementById('switch-blackhole').click();
      });
      await ada.sees(() => document.body.dataset.thrown?.includes('blackhole'));
    }

    /** Whatever the page gives up after a time, it gives up now. */
    const hasten = () =>
      ada.do(() => {
        window.AbortSignal.timeout = () => {
          const limit = new window.AbortController();
          setTimeout(() => limit.abort());
          return limit.signal;
        };
      });

    /** Runs a delivery test until so many numbers have been sent over this kind. */
    async function count(kind, numbers) {
      await ada.click('count');
      await ada.seesCounted(kind, numbers);
    }

    /** Waits until no test runs any more, and another one may be started. */
    const seesItEnd = () =>
      ada.sees(() => {
        const count = document.getElementById('count');
        return count.ariaPressed === 'false' && !count.disabled;
      });

    /** Returns the outcomes. Every number has exactly one, and none is in flight. */
    async function settled(kind) {
      const outcomes = await ada.outcomes(kind);
      for (const way of [0, 1])
        assert.equal(outcomes.sent[way], outcomes.delivered[way] + outcomes.lost[way], text(outcomes));
      assert.deepEqual(
        [outcomes.waiting, outcomes.twice, outcomes.late],
        [
          [0, 0],
          [0, 0],
          [0, 0],
        ],
        text(outcomes),
      );
      return outcomes;
    }

    it('a delivery test over a black hole ends, and what the black hole discarded is lost', async () => {
      await enter('plain');
      await count('plain', 20);
      await blacken();
      const before = await ada.outcomes('plain');
      await ada.seesCounted('plain', 80);
      await ada.click('count');
      await seesItEnd();
      const { sent, delivered, lost } = await settled('plain');
      for (const way of [0, 1]) {
        assert.ok(delivered[way] >= before.delivered[way], text({ before, delivered }));
        assert.ok(lost[way] >= 20 && lost[way] <= sent[way] - before.delivered[way], text({ before, sent, lost }));
      }
      await ada.seesState('open');
    });

    it('a delivery test ends also when the server cannot be asked any more', async () => {
      await enter('plain');
      await count('plain', 20);
      await ada.click('switch-refuse');
      await ada.seesState('closed');
      await hasten();
      await ada.click('count');
      await seesItEnd();
      assert.notEqual(await ada.do(() => document.getElementById('toggle').dataset.state), 'open');
      await settled('plain');
    });

    it('a delivery test begins over a black hole, too', async () => {
      await enterBlackHole();
      await count('plain', 20);
      await ada.click('count');
      await seesItEnd();
      const { delivered, lost } = await settled('plain');
      assert.deepEqual(delivered, [0, 0]);
      assert.ok(lost[0] >= 10, text({ lost }));
    });

    it('a kind that is chosen during a delivery test has results of its own', async () => {
      await enter('session');
      await count('session', 20);
      await ada.choose('plain');
      await ada.seesCounted('plain', 20);
      await ada.click('switch-cut');
      await ada.seesState('closed');
      const before = await ada.outcomes('plain');
      await ada.seesCounted('plain', before.sent[0] + before.sent[1] + 20);
      await ada.choose('session');
      await ada.seesCounted('session', 20);
      await ada.click('count');
      await seesItEnd();
      const session = await settled('session');
      assert.deepEqual(session.lost, [0, 0], text(session));
      const plain = await settled('plain');
      for (const way of [0, 1]) assert.ok(plain.lost[way] >= 15 && plain.delivered[way] >= 8, text(plain));
    });

    it('a change between working sockets during a delivery test loses nothing', async () => {
      await enter('session');
      await count('session', 10);
      for (const kind of ['undrop', 'session', 'plain', 'undrop']) {
        await ada.choose(kind);
        await ada.seesCounted(kind, 10);
      }
      // As two quick arrow keys do.
      await ada.do(() => {
        document.getElementById('kind-session').click();
        document.getElementById('kind-plain').click();
      });
      await ada.seesState('open');
      await ada.sees(() => !document.querySelector('#score-undrop-waiting .both').textContent.match(/[1-9]/));
      await ada.seesCounted('plain', 30);
      await ada.click('count');
      await seesItEnd();
      for (const kind of ['plain', 'undrop', 'session']) {
        const { lost } = await settled(kind);
        assert.deepEqual(lost, [0, 0], kind);
      }
    });

    it('a session that is left without a connection during a delivery test still delivers its numbers and messages', async () => {
      await enter('session');
      await count('session', 20);
      await ada.click('switch-refuse');
      await ada.sees(() => document.querySelector('#events .drop'));
      const before = await ada.outcomes('session');
      await ada.seesCounted('session', before.sent[0] + before.sent[1] + 5);
      await ada.say('meanwhile');
      await ada.click('kind-undrop');
      await ada.seesCounted('undrop', 10);
      await ada.reads('meanwhile');
      await ada.click('count');
      await seesItEnd();
      for (const kind of ['undrop', 'session']) {
        const { lost } = await settled(kind);
        assert.deepEqual(lost, [0, 0], kind);
      }
    });

    it('a delivery test over a session that has no connection ends when it has one, and not before', async () => {
      await enter('session');
      await count('session', 20);
      await ada.click('switch-refuse');
      await ada.sees(() => document.querySelector('#events .drop'));
      const before = await ada.outcomes('session');
      await ada.seesCounted('session', before.sent[0] + before.sent[1] + 5);
      await hasten();
      await ada.click('count');
      await seesItEnd();
      assert.deepEqual((await settled('session')).lost, [0, 0]);
    });

    it('a delivery test that is stopped while another kind connects stops', async () => {
      await enter('plain');
      await count('plain', 20);
      await blacken();
      await ada.do(() => {
        document.getElementById('kind-session').click();
        document.getElementById('count').click();
      });
      await seesItEnd();
      await ada.seesState('open');
      assert.equal(await ada.do(() => document.getElementById('score-session-sent')), null);
      await settled('plain');
      await count('session', 10);
      await ada.click('count');
      await seesItEnd();
      assert.deepEqual((await settled('session')).lost, [0, 0]);
    });

    it('a kind that is chosen while another one connects is in the events, with an attempt of its own', async () => {
      await enter('session');
      await ada.do(() => {
        document.getElementById('kind-undrop').click();
        document.getElementById('kind-plain').click();
      });
      await ada.seesState('open');
      await ada.sees(() => document.querySelector('#events li').className === 'open');
      const entries = await ada.do(() =>
        [...document.querySelectorAll('#events li')].map((one) => one.lastChild.textContent),
      );
      assert.deepEqual(entries.reverse().slice(-5), [
        'now over undrop',
        'attempt',
        'now over plain WebSocket',
        'attempt',
        'open',
      ]);
    });

    it('the last round trip is that of the present kind', async () => {
      const trip = () => document.getElementById('trip').textContent;
      await enter('session');
      await count('session', 10);
      await ada.sees(trip);
      // A plain socket has round trips only in a delivery test, and the next one has not begun.
      const seen = await ada.do(() => {
        document.getElementById('kind-plain').click();
        return document.getElementById('trip').textContent;
      });
      assert.equal(seen, '');
      await ada.seesCounted('plain', 10);
      await ada.sees(trip);
      await ada.click('count');
      await seesItEnd();
      await ada.choose('session');
      await ada.choose('plain');
      assert.equal(await ada.do(trip), '');
    });

    it('a message into a black hole is sent again over the next socket, as soon as one is chosen', async () => {
      await enterBlackHole();
      await ada.say('into the black hole');
      await ada.sees(() => document.querySelector('.pending'));
      await ada.choose('session');
      await ada.reads('into the black hole');
      await ada.say('and after it');
      await ada.reads('and after it');
      assert.deepEqual(await ada.readAll(), ['before', 'into the black hole', 'and after it']);
    });

    it('a message into a black hole can be sent again over another plain socket', async () => {
      await enterBlackHole();
      await ada.say('into the black hole');
      await ada.sees(() => document.querySelector('.pending'));
      await ada.click('switch-reconnect');
      await ada.sees(() => document.querySelector('.pending.failed button'));
      await ada.seesState('open');
      await ada.do(() => document.querySelector('.pending.failed button').click());
      await ada.reads('into the black hole');
    });
  });
}

const text = (numbers) => JSON.stringify(numbers);
