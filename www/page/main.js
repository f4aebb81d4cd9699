// The page: the entrance, and the connections between the other modules.

import { Connection } from './connections/connection.js';
import { byId } from './elements.js';
import { Downloads } from './files/download.js';
import { upload } from './files/upload.js';
import { showPanel } from './panel/panel.js';
import { newKey } from './random.js';
import { Score } from './score/score.js';
import { listenToComposer } from './talk/composer.js';
import { show, showHistory, showPending } from './talk/log.js';
import { clearNotices, countDown, isAtEntrance, notify } from './talk/notice.js';
import { showPeople, showTyping, stopTyping } from './talk/people.js';
import { Room } from './talk/room.js';
import { noteUnread } from './talk/unread.js';
import { complaint, translate, words } from './words.js';

/** A page that still exists so long after `beforeunload` was not left. */
const STAYS_AFTER = 2_000;
/** The errors that sending again cannot help. */
const FINAL = new Set(['text-empty', 'text-long', 'file-empty', 'file-large', 'file-name', 'unknown']);

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
  clearNotices();
  if (room) enterAgain(roomField.value);
  else enter(roomField.value);
});
// The link to a second window contains a name.
if (nameField.value && entrance.checkValidity()) enter(roomField.value);
else nameField.focus();

function enter(roomName) {
  connection = new Connection(roomName, newKey());
  room = new Room(connection);
  room.name = nameField.value;
  const downloads = new Downloads(connection, room);
  const load = (file, progress) => downloads.get(file, progress);
  showMessages(room, load);
  showConnection();
  listenToComposer({
    onText: (text) => send(text, load),
    onFile: (file) => sendFile(file, load),
    onTyping: () => room.typing(),
  });
  showPanel(connection, new Score(connection, room));
  connection.connect();
  closeWithThePage();
}

function enterAgain(roomName) {
  room.name = nameField.value;
  // A connection whose name was refused can try another name, but not another room.
  if (connection.isOpen && connection.room === roomName) room.join();
  else {
    connection.room = roomName;
    connection.connect();
  }
}

/** Otherwise the session of a closed window would wait for a reconnect, and its name would stay in the list. */
function closeWithThePage() {
  window.addEventListener('pagehide', ({ persisted }) => {
    if (!persisted) connection.socket.close();
  });
  // Firefox closes the socket before `pagehide`. The user can cancel after `beforeunload`, so a page that stays reconnects.
  window.addEventListener('beforeunload', () => {
    connection.socket.close();
    setTimeout(() => connection.connect(), STAYS_AFTER);
  });
}

function showMessages(room, load) {
  room.addEventListener('joined', ({ detail: { name, people, history, epoch } }) => {
    if (isAtEntrance()) showChat(connection.room, name, people);
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

/** Shows the chat in the place of the entrance. */
function showChat(roomName, name, people) {
  entrance.hidden = true;
  byId('chat').hidden = false;
  byId('place').hidden = false;
  byId('room-name').textContent = roomName;
  const another = words['second-names'].split(' ').find((other) => other !== name && !people.includes(other)) ?? name;
  byId('second').href = `?${new URLSearchParams({ room: roomName, as: another })}`;
  byId('second').hidden = false;
  byId('text').focus();
}

/** Shows what happens to the connection. */
function showConnection() {
  for (const type of ['open', 'resume'])
    connection.addEventListener(type, () => {
      clearNotices();
      byId('lost').hidden = true;
    });
  connection.addEventListener('drop', ({ detail: { reason, delay } }) => {
    const text = isAtEntrance() ? words['wait-outside'] : words.wait;
    countDown(text(reason), delay);
  });
  connection.addEventListener('close', ({ detail: { code, reason } }) => {
    const why = reason || words.code(code);
    if (isAtEntrance()) {
      notify(words.unreachable(why));
      return;
    }
    clearNotices();
    byId('lost-reason').textContent = words.closed(why);
    byId('lost').hidden = false;
    showPeople([]);
  });
  byId('again').addEventListener('click', () => {
    byId('lost').hidden = true;
    connection.connect();
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

/** Replaces the pending message by the room's once `act` has succeeded; offers to call `act` again when it has failed. */
async function deliver(pending, load, act) {
  pending.say(room.isConnected ? words.pending : words.queued);
  try {
    const { item, ...file } = await act();
    pending.remove();
    show(item ?? file, room.name, load);
  } catch (error) {
    const why = error.data ? complaint(error.data) : words.undelivered;
    const again = () => deliver(pending, load, act);
    pending.fail(why, FINAL.has(error.data?.code) ? undefined : again);
  }
}
