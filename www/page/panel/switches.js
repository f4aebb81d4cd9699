// The tools that break the connection: switches of the server, which exist in demo mode only, and what the page can do itself.

import { byId, make } from '../elements.js';
import { words } from '../words.js';

/** In seconds. */
const REFUSAL = 5;
const OFFLINE = 6;

/** Shows the tools if the server has switches. Resolves with a function that throws a switch by its name. */
export async function showSwitches(connection, note) {
  if (!(await hasSwitches(connection))) return undefined;
  const notice = byId('tools-notice');
  const throwSwitch = async (name, seconds = 0) => {
    const { room, tab } = connection;
    const asked = fetch(`demo/${room}/${name}?tab=${tab}&seconds=${seconds}`, { method: 'POST' });
    // Without a server there is no connection either.
    const { ok } = await asked.catch(() => ({ ok: false }));
    notice.textContent = ok ? '' : words['switch-failed'];
    return ok;
  };

  const tools = {
    cut: () => throwSwitch('cut'),
    fin: () => throwSwitch('fin'),
    blackhole: () => throwSwitch('blackhole'),
    async slow(button) {
      const isSlow = button.ariaPressed === 'true';
      if (await throwSwitch(isSlow ? 'heal' : 'slow')) button.ariaPressed = String(!isSlow);
    },
    async refuse() {
      // The order matters: the server knows the tab only while it is connected.
      if (await throwSwitch('refuse', REFUSAL)) await throwSwitch('cut');
    },
    restart: () => throwSwitch('restart'),
    async offline(button) {
      button.disabled = true;
      if (await throwSwitch('refuse', OFFLINE)) await throwSwitch('blackhole');
      setOnline('offline', false);
      setTimeout(() => {
        setOnline('online', true);
        button.disabled = false;
      }, OFFLINE * 1_000);
    },
    // A socket that does not reconnect is replaced.
    reconnect: () => (connection.reconnects ? connection.socket.reconnect() : connection.connect()),
  };
  const buttons = Object.entries(tools).map(([name, act]) => {
    const [label, hint] = words.switches[name];
    const button = make('button', { type: 'button', id: `switch-${name}` }, label);
    explain(button, hint);
    button.addEventListener('click', () => {
      note(label);
      act(button);
    });
    return button;
  });
  const slow = buttons[Object.keys(tools).indexOf('slow')];
  slow.ariaPressed = 'false';
  // A new native socket has no fault.
  for (const type of ['open', 'resume'])
    connection.addEventListener(type, () => {
      slow.ariaPressed = 'false';
      notice.textContent = '';
    });
  byId('switches').replaceChildren(...buttons);
  byId('tools').hidden = false;
  return throwSwitch;
}

/** Shows what a tool does, below all of them, while it has the focus or the pointer, until another one has. */
function explain(button, text) {
  const hints = byId('hints');
  const hint = make('span', { id: `hint-${button.id}`, hidden: true }, text);
  hints.append(hint);
  button.setAttribute('aria-describedby', hint.id);
  for (const type of ['focus', 'pointerenter'])
    button.addEventListener(type, () => {
      for (const one of hints.children) one.hidden = one !== hint;
    });
}

/** Asks the server. If it does not answer, asks again when the connection has opened. */
async function hasSwitches(connection) {
  for (;;) {
    const opened = new Promise((resolve) => connection.addEventListener('open', resolve, { once: true }));
    try {
      const answer = await fetch('demo');
      // A proxy answers also while the server behind it is down.
      if (answer.ok) return (await answer.text()) === 'on';
    } catch {
      // The server is down.
    }
    await opened;
  }
}

/** Sets `navigator.onLine` and fires the event of the browser. */
function setOnline(type, isOnline) {
  if (isOnline) delete navigator.onLine;
  else Object.defineProperty(navigator, 'onLine', { configurable: true, get: () => false });
  window.dispatchEvent(new Event(type));
}
