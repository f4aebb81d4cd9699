// The page: who comes in, and what hangs together with what.

import { byId } from './elements.js';
import { Downloads } from './files/download.js';
import { upload } from './files/upload.js';
import { Connection } from './lines/connection.js';
import { showPanel } from './panel/panel.js';
import { newKey } from './random.js';
import { Score } from './score/score.js';
import { listenToComposer } from './talk/composer.js';
import { show, showHistory, showPending } from './talk/log.js';
import { countDown, hush, isAtEntrance, notify } from './talk/notice.js';
import { showPeople, showTyping, stopTyping } from './talk/people.js';
import { Room } from './talk/room.js';
import { noteUnread } from './talk/unread.js';
import { complaint, translate, words } from './words.js';

/** If a page that was to be left is still there after so long, it stays. */
const STAYS_AFTER = 2_000;
/** What is refused with these is refused however often it is sent. */
const HOPELESS = new Set(['text-empty', 'text-long', 'file-empty', 'file-large', 'file-name', 'unknown']);

translate();
const address = new URLSearchParams(location.search);
const entrance = byId('entrance');
const nameField = byId('name');
const roomField = byId('room');
roomField.value = address.get('room') ?? 'lobby';
nameField.value = address.get('as') ?? '';

/** @type {Connection} */
let connection;
/** @type {Room | undefined} */
let room;
entrance.addEventListener('submit', (event) => {
  event.preventDefault();
  hush();
  if (room) enterAgain(roomField.value);
  else enter(roomField.value);
});
// Who follows the link to a second window has a name already.
if (nameField.value && entrance.checkValidity()) enter(roomField.value);
else nameField.focus();

function enter(roomName) {
  connection = new Connection(roomName, newKey());
  room = new Room(connection);
  room.name = nameField.value;
  const downloads = new Downloads(connection, room);
  const load = (file, progress) => downloads.get(file, progress);
  hear(room, load);
  tell();
  listenToComposer({
    onText: (text) => send(text, load),
    onFile: (file) => sendFile(file, load),
    onTyping: () => room.typing(),
  });
  showPanel(connection, new Score(connection, room));
  connection.dial();
  leaveWithThePage();
}

function enterAgain(roomName) {
  room.name = nameField.value;
  // The line that had the name refused takes another one; into another room it does not lead.
  if (connection.isOpen && connection.room === roomName) room.join();
  else {
    connection.room = roomName;
    connection.dial();
  }
}

/** Else a session would wait for whoever has closed the window, and their name stay in the list. */
function leaveWithThePage() {
  window.addEventListener('pagehide', ({ persisted }) => {
    if (!persisted) connection.line.close();
  });
  // Firefox closes the line before that. What it tells in time can be called off, so who stays after all is let in again.
  window.addEventListener('beforeunload', () => {
    connection.line.close();
    setTimeout(() => connection.dial(), STAYS_AFTER);
  });
}

function hear(room, load) {
  room.addEventListener('joined', ({ detail: { name, people, history, epoch } }) => {
    if (isAtEntrance()) open(connection.room, name, people);
    showPeople(people, name);
    showHistory(history, epoch, name, load);
  });
  room.addEventListener('chat', ({ detail: item }) => {
    stopTyping(item.from);
    if (show(item, room.name, load)) noteUnread();
  });
  room.addEventListener('people', ({ detail: { people } }) => showPeople(people, room.name));
  room.addEventListener('typing', ({ detail: { name } }) => showTyping(name));
  room.addEventListener('refused', ({ detail }) => {
    notify(complaint(detail));
  });
}

/** Shows the room in the place of the entrance. */
function open(roomName, name, people) {
  entrance.hidden = true;
  byId('house').hidden = false;
  byId('place').hidden = false;
  byId('room-name').textContent = roomName;
  const another = words['second-names'].split(' ').find((other) => other !== name && !people.includes(other)) ?? name;
  byId('second').href = `?${new URLSearchParams({ room: roomName, as: another })}`;
  byId('second').hidden = false;
  byId('text').focus();
}

/** What becomes of the line, in words. */
function tell() {
  for (const back of ['open', 'resume'])
    connection.addEventListener(back, () => {
      hush();
      byId('lost').hidden = true;
    });
  connection.addEventListener('drop', ({ detail: { reason, delay } }) => {
    const told = isAtEntrance() ? words['wait-outside'] : words.wait;
    countDown(told(reason), delay);
  });
  connection.addEventListener('close', ({ detail: { code, reason } }) => {
    const why = reason || words.code(code);
    if (isAtEntrance()) {
      notify(words.unreachable(why));
      return;
    }
    hush();
    byId('lost-reason').textContent = words.closed(why);
    byId('lost').hidden = false;
    showPeople([]);
  });
  byId('again').addEventListener('click', () => {
    byId('lost').hidden = true;
    connection.dial();
    byId('text').focus();
  });
}

async function send(text, load, key = newKey()) {
  const pending = showPending(text);
  await deliver(pending, load, () => room.say(text, key));
}

async function sendFile(file, load, key = newKey()) {
  const pending = showPending('', file);
  const progress = (share) => {
    pending.progress(share);
    pending.say(words['file-pending'](Math.floor(share * 100)));
  };
  await deliver(pending, load, () => upload(file, room, connection, progress, key));
}

/** Does it, as often as one asks for it, and puts what the room has in the place of what is shown. */
async function deliver(pending, load, act) {
  pending.say(room.isHeard ? words.pending : words.queued);
  try {
    const { item, ...file } = await act();
    pending.remove();
    show(item ?? file, room.name, load);
  } catch (error) {
    const why = error.data ? complaint(error.data) : words.undelivered;
    const again = () => deliver(pending, load, act);
    pending.fail(why, HOPELESS.has(error.data?.code) ? undefined : again);
  }
}
