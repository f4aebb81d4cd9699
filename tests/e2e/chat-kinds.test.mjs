// The chat page whose kind of line is switched: while it counts, while it dials, and while the line is dead.

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

    /** Into a room of her own, over this kind of line. */
    async function enter(kind) {
      rooms++;
      await ada.enter(chat.url, `kinds-${rooms}`, 'Ada');
      await ada.choose(kind);
    }

    /** A plain line that is a black hole by now. */
    async function enterAndFallIn() {
      await enter('plain');
      // The server knows this line by now as the one that is to be hurt.
      await ada.say('before');
      await ada.reads('before');
      await blacken();
    }

    /** Returns when the server has done it: this is a switch that shows nothing. */
    async function blacken() {
      await ada.do(() => {
        const { fetch } = window;
        window.fetch = async (...given) => {
          const answer = await fetch(...given);
          document.body.dataset.thrown = given[0];
          return answer;
        };
        document.getElementById('switch-blackhole').click();
      });
      await ada.sees(() => document.body.dataset.thrown?.includes('blackhole'));
    }

    /** Counts until so many numbers have been said over this kind. */
    async function count(kind, numbers) {
      await ada.click('count');
      await ada.seesCounted(kind, numbers);
    }

    /** Waits until nothing is counted any more, and one may count again. */
    const seesItEnd = () =>
      ada.sees(() => {
        const count = document.getElementById('count');
        return count.ariaPressed === 'false' && !count.disabled;
      });

    /** The fates, of which every number has one, and nothing is under way. */
    async function settled(kind) {
      const fates = await ada.fates(kind);
      for (const way of [0, 1]) assert.equal(fates.sent[way], fates.delivered[way] + fates.lost[way], told(fates));
      assert.deepEqual(
        [fates.waiting, fates.twice, fates.late],
        [
          [0, 0],
          [0, 0],
          [0, 0],
        ],
        told(fates),
      );
      return fates;
    }

    it('a count over a line that is a black hole ends, and what the hole has swallowed is lost', async () => {
      await enter('plain');
      await count('plain', 20);
      await blacken();
      const before = await ada.fates('plain');
      await ada.seesCounted('plain', 80);
      const asked = performance.now();
      await ada.click('count');
      await seesItEnd();
      assert.ok(performance.now() - asked < 15_000, 'it waited for the browser');
      const { sent, delivered, lost } = await settled('plain');
      for (const way of [0, 1]) {
        assert.ok(delivered[way] >= before.delivered[way], told({ before, delivered }));
        assert.ok(lost[way] >= 20 && lost[way] <= sent[way] - before.delivered[way], told({ before, sent, lost }));
      }
      await ada.seesLine('open');
    });

    it('a count ends also when the server cannot be asked any more', async () => {
      await enter('plain');
      await count('plain', 20);
      await ada.click('switch-refuse');
      await ada.seesLine('closed');
      const asked = performance.now();
      await ada.click('count');
      await seesItEnd();
      assert.ok(performance.now() - asked < 15_000);
      await settled('plain');
    });

    it('a count begins over a black hole, too', async () => {
      await enterAndFallIn();
      await count('plain', 20);
      await ada.click('count');
      await seesItEnd();
      const { delivered, lost } = await settled('plain');
      assert.deepEqual(delivered, [0, 0]);
      assert.ok(lost[0] >= 10, told({ lost }));
    });

    it('a kind that is chosen in mid-count is counted by itself, and loses what it loses', async () => {
      await enter('session');
      await count('session', 20);
      await ada.choose('plain');
      await ada.seesCounted('plain', 20);
      await ada.click('switch-cut');
      await ada.seesLine('closed');
      const before = await ada.fates('plain');
      await ada.seesCounted('plain', before.sent[0] + before.sent[1] + 20);
      await ada.choose('session');
      await ada.seesCounted('session', 20);
      await ada.click('count');
      await seesItEnd();
      const session = await settled('session');
      assert.deepEqual(session.lost, [0, 0], told(session));
      const plain = await settled('plain');
      for (const way of [0, 1]) assert.ok(plain.lost[way] >= 15 && plain.delivered[way] >= 8, told(plain));
    });

    it('who changes between living lines in mid-count loses nothing', async () => {
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
      await ada.seesLine('open');
      await ada.sees(() => !document.querySelector('#score-undrop-waiting .both').textContent.match(/[1-9]/));
      await ada.seesCounted('plain', 30);
      await ada.click('count');
      await seesItEnd();
      for (const kind of ['plain', 'undrop', 'session']) {
        const { lost } = await settled(kind);
        assert.deepEqual(lost, [0, 0], kind);
      }
    });

    it('a session without a line that is left in mid-count is heard out, and so is what was said over it', async () => {
      await enter('session');
      await count('session', 20);
      await ada.click('switch-refuse');
      await ada.sees(() => document.querySelector('#events .drop'));
      const before = await ada.fates('session');
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

    it('a count that is stopped while it changes to another kind stops', async () => {
      await enter('plain');
      await count('plain', 20);
      await blacken();
      await ada.do(() => {
        document.getElementById('kind-session').click();
        document.getElementById('count').click();
      });
      await seesItEnd();
      await ada.seesLine('open');
      assert.equal(await ada.do(() => document.getElementById('score-session-sent')), null);
      await settled('plain');
      await count('session', 10);
      await ada.click('count');
      await seesItEnd();
      assert.deepEqual((await settled('session')).lost, [0, 0]);
    });

    it('a kind that is chosen while another one is dialled is told of, with its own dial', async () => {
      await enter('session');
      await ada.do(() => {
        document.getElementById('kind-undrop').click();
        document.getElementById('kind-plain').click();
      });
      await ada.seesLine('open');
      await ada.sees(() => document.querySelector('#events li').className === 'open');
      const entries = await ada.do(() =>
        [...document.querySelectorAll('#events li')].map((one) => one.lastChild.textContent),
      );
      assert.deepEqual(entries.reverse().slice(-5), [
        'now over undrop',
        'dial',
        'now over plain WebSocket',
        'dial',
        'open',
      ]);
    });

    it('the last round trip is that of the present kind', async () => {
      const trip = () => document.getElementById('trip').textContent;
      await enter('session');
      await count('session', 10);
      await ada.sees(trip);
      // A plain line has no round trips but those of a count, and the next count has not begun.
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

    it('what was said into a black hole is said over the next line, as soon as one is chosen', async () => {
      await enterAndFallIn();
      await ada.say('into the black hole');
      await ada.sees(() => document.querySelector('.pending'));
      const asked = performance.now();
      await ada.choose('session');
      await ada.reads('into the black hole');
      await ada.say('and after it');
      await ada.reads('and after it');
      assert.deepEqual(await ada.readAll(), ['before', 'into the black hole', 'and after it']);
      assert.ok(performance.now() - asked < 10_000, 'it waited for the browser');
    });

    it('what was said into a black hole can be sent again over another plain line', async () => {
      await enterAndFallIn();
      await ada.say('into the black hole');
      await ada.sees(() => document.querySelector('.pending'));
      const asked = performance.now();
      await ada.click('switch-dial');
      await ada.sees(() => document.querySelector('.pending.failed button'));
      await ada.seesLine('open');
      await ada.do(() => document.querySelector('.pending.failed button').click());
      await ada.reads('into the black hole');
      assert.ok(performance.now() - asked < 10_000, 'it waited for the browser');
    });
  });
}

const told = (numbers) => JSON.stringify(numbers);
