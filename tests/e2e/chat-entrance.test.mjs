// The entrance of the chat page when the first attempt fails: everything works afterwards without a reload.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { browsers } from '../support/browsers.mjs';
import { Person } from './chat/person.mjs';
import { startChat } from './chat/server.mjs';

/** The most members of a room, as in the server's `room.rs`. */
const MEMBERS = 50;

for (const [browserName, start] of Object.entries(browsers)) {
  describe(browserName, () => {
    let chat;
    let browser;
    let ada;

    before(async () => {
      chat = await startChat();
      browser = await start();
      ada = new Person(browser);
    });
    after(async () => {
      await browser?.quit();
      await chat?.stop();
    });

    it('the tools and the delivery test work although the server was down when one joined', async () => {
      await ada.open(chat.url, 'away');
      await chat.stop();
      await ada.join({ name: 'Ada' });
      await ada.sees(() => document.getElementById('entrance-notice').textContent);
      await chat.start();
      await ada.sees(() => !document.getElementById('chat').hidden);
      await ada.sees(() => document.getElementById('tools').checkVisibility());
      await ada.click('count');
      await ada.seesCounted('session', 5);
      await ada.click('count');
      await ada.sees(() => !document.getElementById('compare').hidden);
      assert.deepEqual(await ada.errors(), []);
    });

    it('after a refused name another room may be chosen, too', async () => {
      await ada.open(chat.url, 'first');
      await ada.join({ name: '\u202e\u200b' });
      await ada.sees(() => document.getElementById('entrance-notice').textContent.includes('at least one letter'));
      await ada.join({ name: 'Ada', room: 'second' });
      await ada.sees(() => !document.getElementById('chat').hidden);
      assert.equal(await ada.do(() => document.getElementById('room-name').textContent), 'second');
      await ada.sees(() => document.getElementById('switch-cut'));
      // The switches act on the second room.
      await ada.click('switch-cut');
      await ada.sees(() => document.querySelector('#events .drop'));
      assert.deepEqual(await ada.errors(), []);
    });

    it('a full room is said to be full, and another one may be chosen', async () => {
      await ada.open(chat.url, 'full');
      await ada.do(async (members) => {
        const sockets = Array.from({ length: members }, () => new WebSocket(`/chat/full?tab=${crypto.randomUUID()}`));
        const join = JSON.stringify({ type: 'join', data: { name: 'Bob' }, id: 1 });
        for (const socket of sockets) socket.addEventListener('open', () => socket.send(join));
        await Promise.all(
          sockets.map((socket) => new Promise((resolve) => socket.addEventListener('message', resolve))),
        );
        // Otherwise they may be garbage collected, which closes them.
        window.sockets = sockets;
      }, MEMBERS);
      await ada.join({ name: 'Ada' });
      await ada.sees(() => document.getElementById('entrance-notice').textContent.includes('the room is full'));
      await ada.join({ room: 'roomy' });
      await ada.sees(() => !document.getElementById('chat').hidden);
      assert.equal(await ada.do(() => document.getElementById('room-name').textContent), 'roomy');
      assert.deepEqual(await ada.errors(), []);
    });

    it('a switch that is thrown while the server is down says so', async () => {
      await ada.enter(chat.url, 'switch', 'Ada');
      await ada.sees(() => document.getElementById('switch-cut'));
      await chat.stop();
      await ada.seesState('waiting');
      await ada.click('switch-cut');
      await ada.sees(() => document.getElementById('tools-notice').textContent);
      assert.deepEqual(await ada.errors(), []);
      await chat.start();
    });
  });
}
