// The chat page as two people use it, each with a browser, over the server that serves it.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { cache } from '../../scripts/lib/paths.mjs';
import { browsers } from '../support/browsers.mjs';
import { dropFile, load, pickPicture } from './chat/files.mjs';
import { keyboard } from './chat/keyboard.mjs';
import { Person } from './chat/person.mjs';
import { resize } from './chat/resize.mjs';
import { startChat } from './chat/server.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const sizes = { phone: [390, 844], desktop: [1280, 800] };

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

    /** Both join a new room, over the default kind of socket unless another is given. */
    async function meet(names = ['Ada', 'Bob'], kind = undefined) {
      rooms++;
      for (const [index, person] of [ada, bob].entries()) {
        await person.enter(chat.url, `room-${rooms}`, names[index]);
        if (kind) await person.choose(kind);
      }
      return `room-${rooms}`;
    }

    it('two people talk, see each other write, and nothing goes wrong in the page', async () => {
      const console = consoleMessages(running);
      const room = await meet();
      await ada.sees(() => document.querySelectorAll('#people li').length === 2);
      await bob.do(() => {
        const field = document.getElementById('text');
        field.value = 'h';
        field.dispatchEvent(new InputEvent('input', { bubbles: true }));
      });
      await ada.sees(() => document.getElementById('typing').textContent.includes('Bob'));
      await ada.say('Is anybody there?');
      await bob.reads('Is anybody there?');
      await bob.say('Yes: https://example.org/a_(b). 👋');
      await ada.reads('Yes: https://example.org/a_(b). 👋');
      assert.deepEqual(
        await ada.do(() => [...document.querySelectorAll('.log a')].map(({ href, rel }) => [href, rel])),
        [['https://example.org/a_(b)', 'noopener noreferrer nofollow']],
      );
      assert.deepEqual([await ada.errors(), await bob.errors(), console], [[], [], []]);
      // A person who joins again sees the history.
      await bob.enter(chat.url, room, 'Bob');
      assert.deepEqual(await bob.readAll(), ['Is anybody there?', 'Yes: https://example.org/a_(b). 👋']);
    });

    it('the link to a second window leads into the same room by another name', async () => {
      const room = await meet();
      const href = await ada.do(() => document.getElementById('second').href);
      const { searchParams } = new URL(href);
      assert.equal(searchParams.get('room'), room);
      assert.ok(!['Ada', 'Bob', ''].includes(searchParams.get('as')));
      await running[1].goto(href);
      await ada.sees((name) => document.getElementById('people').textContent.includes(name), searchParams.get('as'));
    });

    it('whoever closes the window is off the list at once', async () => {
      const room = await meet();
      await ada.sees(() => document.querySelectorAll('#people li').length === 2);
      await running[1].goto('about:blank');
      await ada.sees(() => document.querySelectorAll('#people li').length === 1);
      // The name is free when they join again.
      await bob.enter(chat.url, room, 'Bob');
      await ada.sees(() => document.getElementById('people').textContent.endsWith('Bob'));
    });

    it('a file arrives intact, and a picture is shown', async () => {
      await meet();
      const sent = await dropFile(ada, 'noise.bin', 1_500_000);
      assert.equal(await load(bob, 'noise.bin'), sent);
      await pickPicture(bob, 'dusk.png');
      await ada.sees(() => document.querySelector('figure img')?.naturalWidth === 320);
      assert.match(await ada.do(() => document.querySelector('figure img').alt), /dusk\.png/);
      assert.deepEqual([await ada.errors(), await bob.errors()], [[], []]);
    });

    for (const kind of ['undrop', 'session']) {
      it(`${kind}: a file whose connection is cut on the way arrives intact`, async () => {
        await meet(undefined, kind);
        const shares = [0.05, 0.3, 0.6];
        await cutAt(ada, shares);
        const sent = await dropFile(ada, 'long.bin', 6_000_000);
        for (const cut of shares.keys()) await ada.seesDrops(cut + 1);
        assert.equal(await load(bob, 'long.bin'), sent);
      });

      it(`${kind}: the connection is cut in mid-conversation, and nothing is missing, twice, or out of order`, async () => {
        await meet(undefined, kind);
        const said = [];
        for (let number = 1; number <= 24; number++) {
          const speaker = number % 2 ? ada : bob;
          said.push(`message ${number}`);
          await speaker.say(`message ${number}`);
          // While one of them reconnects, the other reads on.
          if (number % 8 === 4) await ada.click('switch-cut');
          if (number % 8 === 7) await bob.click('switch-fin');
          if (number % 3 === 0) await ada.reads(`message ${number}`);
        }
        for (const person of [ada, bob]) {
          for (const text of said) await person.reads(text);
          const read = await person.readAll();
          assert.deepEqual(read.toSorted(), said.toSorted());
          for (const odd of [0, 1]) {
            const ofOne = (all) => all.filter((text) => Number(text.split(' ')[1]) % 2 === odd);
            assert.deepEqual(ofOne(read), ofOne(said));
          }
        }
        // A switch acts when its request has arrived, which may be after the last message.
        await ada.seesDrops(3);
      });
    }

    it('over a session a room that restarts goes on as if nothing had happened', async () => {
      await meet();
      await ada.say('before');
      await bob.reads('before');
      await ada.click('switch-restart');
      for (const person of [ada, bob])
        await person.sees(() =>
          [...document.querySelectorAll('#events .drop')].some((one) => one.textContent.includes('1012')),
        );
      // Neither of them is connected.
      await ada.say('meanwhile');
      await bob.reads('meanwhile');
      await ada.reads('meanwhile');
      assert.deepEqual(await bob.readAll(), ['before', 'meanwhile']);
      for (const person of [ada, bob]) {
        // A socket that resumes fires no `open`, so nobody joined again.
        const { opened, people } = await person.do(() => ({
          opened: document.querySelectorAll('#events .open').length,
          people: [...document.querySelectorAll('#people bdi')].map((one) => one.textContent),
        }));
        assert.deepEqual([opened, people], [2, ['Ada', 'Bob']]);
      }
      assert.deepEqual([await ada.errors(), await bob.errors()], [[], []]);
    });

    it('the server is killed and started again, and the conversation goes on', async () => {
      await meet();
      await ada.say('before');
      await bob.reads('before');
      await chat.restart();
      await ada.say('after');
      await bob.reads('after');
      await bob.say('welcome back');
      await ada.reads('welcome back');
      // The page still shows the old messages, and that the server does not know them.
      assert.deepEqual(await ada.readAll(), ['before', 'after', 'welcome back']);
      assert.ok(await ada.do(() => document.querySelector('.divider') !== null));
    });

    it('a restart of the room is answered by an attempt, and a refused attempt by further ones', async () => {
      await meet();
      await ada.click('switch-restart');
      await bob.sees(() =>
        [...document.querySelectorAll('#events .drop')].some((one) => one.textContent.includes('1012')),
      );
      await ada.say('once more');
      await bob.reads('once more');
      await bob.click('switch-refuse');
      await bob.sees(() => document.querySelectorAll('#events .drop').length >= 3);
      await bob.seesState('open');
    });

    it('a page that goes offline and online again notices its dead connection at once', async () => {
      await meet();
      await ada.click('switch-offline');
      await ada.sees(() => document.querySelector('#events .drop'));
      await ada.say('I was away');
      await bob.reads('I was away');
    });

    it('names and messages with markup in them stay text', async () => {
      const markup = '<script>top.errors.push(1)</script>';
      const evil = '<img src=x onerror=window.errors.push(1)> javascript:alert(1) data:text/html,x';
      await meet([markup, '<b>Bob']);
      await ada.say(evil);
      await bob.reads(evil);
      const seen = await bob.do(() => ({
        name: document.querySelector('.heading strong').textContent,
        people: document.getElementById('people').innerText,
        elements: document.querySelectorAll('#chat :is(script, b, .log img, .log a)').length,
      }));
      assert.equal(seen.name, markup);
      assert.ok(seen.people.includes(markup) && seen.people.includes('<b>Bob'));
      assert.equal(seen.elements, 0);
      assert.deepEqual(await bob.errors(), []);
    });

    it('an invalid name is refused with the reason, and another may be tried', async () => {
      rooms++;
      await ada.open(chat.url, `room-${rooms}`);
      // Nothing that can be seen.
      await ada.join({ name: '\u202e\u200b' });
      await ada.sees(() => document.getElementById('entrance-notice').textContent.includes('letter'));
      await ada.join({ name: 'Ada' });
      await ada.sees(() => !document.getElementById('chat').hidden);
    });

    it('the delivery test tells a socket that reconnects from one that does not, and every number has one outcome', async () => {
      await meet();
      const lost = {};
      for (const kind of ['plain', 'undrop', 'session']) {
        await ada.choose(kind);
        await ada.click('count');
        await ada.seesCounted(kind, 20);
        await ada.click('switch-cut');
        await ada.seesCounted(kind, 80);
        await ada.click('count');
        await ada.sees(() => document.getElementById('count').ariaPressed === 'false');
        const outcomes = await ada.outcomes(kind);
        for (const way of [0, 1]) {
          assert.equal(outcomes.sent[way], outcomes.delivered[way] + outcomes.lost[way], JSON.stringify(outcomes));
          assert.deepEqual([outcomes.waiting[way], outcomes.twice[way], outcomes.late[way]], [0, 0, 0]);
        }
        lost[kind] = outcomes.lost;
      }
      // Plain loses all numbers after the cut, undrop those in flight at the cut, a session none.
      assert.ok(lost.plain[0] >= 20, `plain lost ${lost.plain}`);
      assert.ok(lost.undrop[0] < lost.plain[0] / 2, `undrop lost ${lost.undrop}, plain ${lost.plain}`);
      assert.deepEqual(lost.session, [0, 0]);
    });

    it('over a session nothing is lost and nothing comes twice, whichever switch is thrown', async () => {
      await meet();
      await ada.click('count');
      await ada.seesCounted('session', 5);
      for (const name of ['cut', 'fin', 'blackhole', 'slow', 'refuse', 'restart', 'offline', 'reconnect']) {
        const resumed = () => ada.do(() => document.querySelectorAll('#events .open').length);
        const before = await resumed();
        await ada.click(`switch-${name}`);
        if (name === 'slow') {
          await ada.sees(() => document.getElementById('switch-slow').ariaPressed === 'true');
          await ada.click('switch-slow');
          await ada.sees(() => document.getElementById('switch-slow').ariaPressed === 'false');
        } else if (name !== 'reconnect')
          await ada.sees((before) => document.querySelectorAll('#events .open').length > before, before);
        await ada.seesState('open');
      }
      // And in one go.
      for (const name of ['blackhole', 'slow', 'fin', 'restart', 'offline', 'reconnect', 'cut', 'refuse'])
        await ada.click(`switch-${name}`);
      await ada.sees(() => !document.getElementById('switch-offline').disabled);
      await ada.seesState('open');
      await ada.click('count');
      await ada.sees(() => document.getElementById('count').ariaPressed === 'false');
      const { sent, delivered, ...others } = await ada.outcomes('session');
      assert.deepEqual(
        { delivered, ...others },
        { delivered: sent, waiting: [0, 0], lost: [0, 0], twice: [0, 0], late: [0, 0] },
      );
      assert.deepEqual(await ada.errors(), []);
    });

    it('a plain socket that is cut stays closed, and says what was not delivered', async () => {
      await meet();
      await ada.choose('plain');
      await ada.say('over the plain socket');
      await bob.reads('over the plain socket');
      await ada.click('switch-cut');
      await ada.sees(() => !document.getElementById('lost').hidden);
      await ada.say('into the void');
      await ada.sees(() => document.querySelector('.pending.failed button'));
      await ada.click('again');
      await ada.seesState('open');
      await ada.do(() => document.querySelector('.pending.failed button').click());
      await bob.reads('into the void');
    });

    it('everything can be done with the keyboard', async () => {
      const keys = keyboard(running[0]);
      await resize(running[0], ...sizes.desktop);
      rooms++;
      await ada.open(chat.url, `room-${rooms}`);
      await keys.type('Ada');
      await keys.press('Enter');
      await ada.sees(() => document.activeElement.id === 'text');
      await keys.type('typed');
      await keys.press('Enter');
      await ada.reads('typed');
      // Tabs around the page once. Elements without an id, and those of the browser, are skipped.
      const reached = [];
      for (;;) {
        await keys.press('Tab');
        const id = await ada.do(() => document.activeElement.id);
        if (id && id === reached[0]) break;
        if (id) reached.push(id);
        assert.ok(reached.length < 100, reached.join(' '));
      }
      const all = 'second toggle log attach send kind-session switch-cut switch-reconnect count compare events'.split(
        ' ',
      );
      assert.deepEqual(
        all.filter((id) => !reached.includes(id)),
        [],
        reached.join(' '),
      );
    });

    for (const [size, [width, height]] of Object.entries(sizes)) {
      it(`nothing bars anybody, and it fits, on a ${size}`, async () => {
        await resize(running[0], width, height);
        rooms++;
        await ada.open(chat.url, `room-${rooms}`);
        await isFit(ada, `${size}-entrance`);
        await meet();
        await ada.say('Hello! Is anybody there?');
        await bob.reads('Hello! Is anybody there?');
        await bob.say('Loud and clear. Cut it, if you like.');
        await ada.reads('Loud and clear. Cut it, if you like.');
        await pickPicture(bob, 'dusk.png');
        await ada.sees(() => document.querySelector('figure img')?.naturalWidth === 320);
        await isFit(ada, `${size}-room`);
        // On a narrow screen the panel is opened by its button, and closed with Escape.
        if (size === 'phone') await ada.click('toggle');
        await ada.sees(() => document.getElementById('panel').checkVisibility());
        await isFit(ada, `${size}-panel`);
        await ada.do(() =>
          document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true })),
        );
        if (size === 'phone') await ada.sees(() => !document.getElementById('panel').checkVisibility());
      });
    }

    /** Takes a screenshot, and fails on serious findings of axe and on content that is wider than the page. */
    async function isFit(person, name) {
      const { page } = running[0];
      await isFitInItsColours(person, name);
      if (!page) return;
      await page.emulateMedia({ colorScheme: 'dark' });
      await isFitInItsColours(person, `${name}-dark`);
      await page.emulateMedia({ colorScheme: 'light' });
    }

    async function isFitInItsColours(person, name) {
      await screenshot(running[0], `${browserName.toLowerCase()}-${name}`);
      await person.do(`() => { ${axe} }`);
      const violations = await person.do(async () => {
        const { violations } = await globalThis.axe.run();
        return violations
          .filter(({ impact }) => impact === 'serious' || impact === 'critical')
          .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
      });
      assert.deepEqual(violations, []);
      const { scrollWidth, clientWidth } = await person.do(() => {
        const { scrollWidth, clientWidth } = document.documentElement;
        return { scrollWidth, clientWidth };
      });
      assert.ok(scrollWidth <= clientWidth, `${scrollWidth} pixels do not fit into ${clientWidth}`);
    }
  });
}

/**
 * From now on cuts the connection whenever an upload has come so far over it. The page does it: the upload does not wait for a
 * driver.
 */
const cutAt = (person, shares) =>
  person.do((shares) => {
    let cuts = 0;
    let before;
    const look = () => {
      const value = document.querySelector('.pending progress')?.value;
      const isCut = document.querySelectorAll('#events .drop').length < cuts;
      if (isCut || document.getElementById('toggle').dataset.state !== 'open') before = value;
      // The server knows a connection, and can cut it, once the upload has moved on over it.
      else if (value !== before && value > shares[cuts]) {
        cuts++;
        document.getElementById('switch-cut').click();
      }
    };
    new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true });
  }, shares);

/** Returns the list of the browsers' console messages from now on, where the driver gives them. */
function consoleMessages(running) {
  const said = [];
  for (const { page } of running) page?.on('console', (message) => said.push(message.text()));
  return said;
}

async function screenshot({ page, driver }, name) {
  const folder = join(cache, 'screenshots');
  mkdirSync(folder, { recursive: true });
  const picture = page ? await page.screenshot() : Buffer.from(await driver.takeScreenshot(), 'base64');
  writeFileSync(join(folder, `${name}.png`), picture);
}
