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

    it('a kind that is chosen while another one is dialled is told of, with its own dial', async () => {
      await enter('session');
      await ada.do(() => {
        document.getElementById('kind-undrop').click();
        document.getElementById('kind-plain').click();
      });
      await ada.seesLine('open');
      await ada.sees(() => document.querySelector('#events li').className === 'open');
      const told = await ada.do(() =>
        [...document.querySelectorAll('#events li')].map((one) => one.lastChild.textContent),
      );
      assert.deepEqual(told.reverse().slice(-5), [
        'now over undrop',
        'dial',
        'now over plain WebSocket',
        'dial',
        'open',
      ]);
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
