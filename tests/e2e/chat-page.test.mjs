// The details of the chat page.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { browsers } from '../support/browsers.mjs';
import { contrast } from './chat/contrast.mjs';
import { dropFile, load, pasteFile } from './chat/files.mjs';
import { keyboard } from './chat/keyboard.mjs';
import { Person } from './chat/person.mjs';
import { resize } from './chat/resize.mjs';
import { startChat } from './chat/server.mjs';

for (const [browserName, start] of Object.entries(browsers)) {
  describe(browserName, () => {
    let chat;
    let running = [];
    let [ada, bob] = [];
    let rooms = 0;

    before(async () => {
      chat = await startChat();
      running = await Promise.all([start(), start()]);
      [ada, bob] = running.map((browser) => new Person(browser));
    });
    after(async () => {
      await Promise.all(running.map((browser) => browser.quit()));
      await chat?.stop();
    });

    async function meet() {
      rooms++;
      await ada.enter(chat.url, `room-${rooms}`, 'Ada');
      await bob.enter(chat.url, `room-${rooms}`, 'Bob');
    }

    it('a file may be pasted anywhere', async () => {
      await meet();
      for (const id of ['text', 'log', 'panel']) {
        await pasteFile(ada, `${id}.bin`, id);
        await load(bob, `${id}.bin`);
      }
      assert.deepEqual(await ada.errors(), []);
    });

    it('text is pasted into the field as ever', async () => {
      await meet();
      const { type, shortcut } = keyboard(running[0]);
      await ada.do(() => document.getElementById('text').focus());
      await type('twice');
      for (const key of ['a', 'c', 'v', 'v']) await shortcut(key);
      await ada.sees(() => document.getElementById('text').value === 'twicetwice');
      assert.equal(await ada.do(() => document.querySelector('.pending')), null);
    });

    it('what can never be sent may be dismissed, and not be sent again', async () => {
      await meet();
      for (const [name, size] of [
        ['large.bin', 9_000_000],
        ['empty.bin', 0],
      ]) {
        await dropFile(ada, name, size);
        await ada.sees(() => document.querySelector('.pending.failed'));
        const offered = () =>
          ada.do(() => [...document.querySelectorAll('.failed button')].map((one) => one.innerText));
        assert.deepEqual(await offered(), ['Dismiss']);
        await ada.do(() => document.querySelector('.failed button').click());
        assert.deepEqual(
          await ada.do(() => [
            document.querySelector('.pending'),
            document.activeElement.id,
            document.getElementById('empty').hidden,
          ]),
          [null, 'text', false],
        );
      }
      assert.deepEqual(await ada.errors(), []);
    });

    it('the border of the button that loads a file is seen on every bubble', async () => {
      await meet();
      await dropFile(ada, 'some.bin', 1_000);
      for (const person of [ada, bob]) {
        await person.sees(() => document.querySelector('.file button'));
        const { border, behind } = await person.do(() => ({
          border: getComputedStyle(document.querySelector('.file button')).borderTopColor,
          behind: getComputedStyle(document.querySelector('.file')).backgroundColor,
        }));
        assert.ok(contrast(border, behind) >= 3, `${border} on ${behind}`);
      }
    });

    it('who reads back, or looks elsewhere, is told how many messages have come', async () => {
      await meet();
      for (let number = 1; number <= 40; number++) await ada.say(`${number}`);
      await ada.reads('40');
      await ada.do(() => {
        document.getElementById('log').scrollTop = 0;
      });
      // The log stops following once its scroll event has fired, in the next frame.
      await ada.do(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
      await ada.do(() => {
        document.hasFocus = () => false;
      });
      await bob.say('one');
      await ada.sees(() => document.getElementById('newest').textContent === '1 new message ↓');
      await bob.say('two');
      await ada.sees(() => document.getElementById('newest').textContent === '2 new messages ↓');
      assert.equal(await ada.do(() => document.title), '(2) undrop chat');
      await ada.click('newest');
      await ada.do(() => window.dispatchEvent(new Event('focus')));
      assert.deepEqual(await ada.do(() => [document.getElementById('newest').hidden, document.title]), [
        true,
        'undrop chat',
      ]);
    });

    it('the seconds until the next attempt are counted down', async () => {
      await meet();
      await ada.sees(() => document.getElementById('switch-refuse'));
      await ada.click('switch-refuse');
      const first = await ada.sees(() =>
        Number(document.getElementById('notice').textContent.match(/ in ([2-9]) s\.$/)?.[1]),
      );
      await ada.sees((left) => document.getElementById('notice').textContent.endsWith(` in ${left} s.`), first - 1);
      await ada.seesState('open');
      await ada.sees(() => document.getElementById('notice').textContent === '');
    });

    it('the button that shows the state of the socket says so, and fits on a phone in every state', async () => {
      await resize(running[0], 390, 844);
      await meet();
      await ada.seesState('open');
      assert.equal(
        await ada.do(() => document.getElementById('toggle').innerText.replace(/\s+/g, ' ')),
        'Socket: open',
      );
      const edges = await ada.do(() => {
        document.getElementById('state').textContent = 'connecting';
        return {
          place: document.getElementById('place').clientWidth,
          end: document.getElementById('toggle').getBoundingClientRect().right,
          width: innerWidth,
        };
      });
      assert.ok(edges.place > 40 && edges.end < edges.width, JSON.stringify(edges));
      await resize(running[0], 1280, 800);
    });

    it('what a tool does is shown while it has the pointer or the focus', async () => {
      await meet();
      await ada.sees(() => document.getElementById('switch-cut'));
      const shown = () => ada.do(() => document.getElementById('hints').innerText);
      await ada.do(() => document.getElementById('switch-cut').focus());
      assert.equal(await shown(), 'TCP ends with a reset');
      await ada.do(() => document.getElementById('switch-slow').dispatchEvent(new PointerEvent('pointerenter')));
      assert.equal(await shown(), 'Everything arrives late and little at a time');
      const described = await ada.do(() =>
        [...document.querySelectorAll('#switches button')].map(
          (one) => document.getElementById(one.getAttribute('aria-describedby')).textContent.length > 0,
        ),
      );
      assert.deepEqual(described, Array(8).fill(true));
    });

    it('the kinds of sockets are compared one after the other, and a pressed button can be read meanwhile', async () => {
      await meet();
      await ada.sees(() => !document.getElementById('compare').hidden);
      await ada.click('compare');
      await ada.sees(() => document.getElementById('count').ariaPressed === 'true');
      const { text, behind } = await ada.do(() => {
        const { color, backgroundColor } = getComputedStyle(document.getElementById('count'));
        return { text: color, behind: backgroundColor };
      });
      assert.ok(contrast(text, behind) >= 4.5, `${text} on ${behind}`);
      for (const kind of ['plain', 'undrop', 'session']) await ada.seesCounted(kind, 1);
      await ada.sees(() => !document.getElementById('compare').disabled);
      const [plain, undrop, session] = [
        await ada.outcomes('plain'),
        await ada.outcomes('undrop'),
        await ada.outcomes('session'),
      ];
      assert.ok(plain.lost[0] > undrop.lost[0], `plain lost ${plain.lost}, undrop ${undrop.lost}`);
      assert.deepEqual(
        [session.lost, session.waiting],
        [
          [0, 0],
          [0, 0],
        ],
      );
      assert.ok(await ada.do(() => document.getElementById('kind-session').checked));
      assert.deepEqual(await ada.errors(), []);
    });
  });
}
