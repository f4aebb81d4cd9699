// The page: one socket, what it says, and what one can do about it.
//
// `open` means a fresh start with the server, the first one and each after a lost line, so that is where the page says
// who it is. What is said while the line is down waits in the socket, and goes out behind that.

import { Undrop } from '/undrop/index.js';
import { showHistory, showLast, showMessage } from './log.js';

const byId = (id) => document.getElementById(id);
const entrance = byId('entrance');
const nameField = byId('name');
const room = byId('room');
const composer = byId('composer');
const textField = byId('text');

/** @type {Undrop | undefined} The one socket; whatever comes from an earlier one is ignored. */
let socket;
/** The name that was asked for. The server may have numbered it. */
let wish = '';
/** The name as the server gave it. */
let me = '';

// ---- the line ----

function connect() {
  const dialled = new Undrop('/chat');
  socket = dialled;
  const listen = (type, act) =>
    dialled.addEventListener(type, (event) => {
      if (dialled !== socket) return;
      showState();
      act?.(event);
    });
  listen('open', () => say('join', { name: wish }));
  listen('message', (event) => take(JSON.parse(event.data)));
  listen('statechange');
  listen('drop', ({ delay }) => showWait(delay));
  listen('error');
  listen('close', (event) => showLoss(event));
  byId('lost').hidden = true;
  showState();
}

function say(type, data) {
  socket.send(JSON.stringify({ type, data }));
}

function take({ type, data }) {
  switch (type) {
    case 'welcome':
      me = data.name;
      enter();
      showHistory(data.history, me);
      showOnline(data.online);
      break;
    case 'chat':
      showMessage(data, me);
      break;
    case 'presence':
      showOnline(data.online);
      break;
    case 'error':
      // Before the welcome there is one thing that can be wrong: the name.
      byId(room.hidden ? 'entrance-notice' : 'notice').textContent = data.reason;
      break;
  }
}

// ---- what is shown ----

function enter() {
  entrance.hidden = true;
  byId('notice').textContent = '';
  if (!room.hidden) return;
  room.hidden = false;
  textField.focus();
}

function showState() {
  const { state } = socket;
  byId('state').textContent = state;
  byId('state').dataset.state = state;
  byId('send').disabled = state === 'closing' || state === 'closed';
  if (state === 'open') byId('notice').textContent = '';
}

function showWait(delay) {
  byId(room.hidden ? 'entrance-notice' : 'notice').textContent =
    `The line was lost. It is dialled again in ${Math.ceil(delay / 1000)} s; what you send waits.`;
}

function showLoss({ code, reason }) {
  const why = reason ? `${reason} (${code})` : `code ${code}`;
  if (room.hidden) {
    byId('entrance-notice').textContent = `The server could not be reached: ${why}.`;
    return;
  }
  byId('lost-reason').textContent = `The connection is closed: ${why}.`;
  byId('lost').hidden = false;
  showOnline([]);
}

function showOnline(names) {
  byId('online-count').textContent = names.length || '';
  byId('online').replaceChildren(
    ...names.map((name) => {
      const item = document.createElement('li');
      item.textContent = name;
      if (name === me) item.className = 'me';
      return item;
    }),
  );
}

// ---- what one can do ----

entrance.addEventListener('submit', (event) => {
  event.preventDefault();
  wish = nameField.value;
  byId('entrance-notice').textContent = '';
  // A line that is open already had its name refused: it takes another one.
  if (socket?.readyState === WebSocket.OPEN) say('join', { name: wish });
  else if (socket?.readyState !== WebSocket.CONNECTING) connect();
});

composer.addEventListener('submit', (event) => {
  event.preventDefault();
  const text = textField.value.trim();
  if (!text || byId('send').disabled) return;
  byId('notice').textContent = '';
  say('say', { text });
  textField.value = '';
  fitText();
  showLast();
  textField.focus();
});

textField.addEventListener('keydown', (event) => {
  // Enter also ends the composition of a Chinese or Japanese word, and that must not send.
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  composer.requestSubmit();
});

/** Grows the field with its text; the style sheet says how far. */
function fitText() {
  textField.style.height = 'auto';
  textField.style.height = `${textField.scrollHeight + 2}px`;
}
textField.addEventListener('input', fitText);

byId('again').addEventListener('click', () => {
  connect();
  textField.focus();
});

// To give a name is all that one can do here, and from now on somebody listens.
nameField.focus();
