// The tools to hurt the line: switches of the server, which has them in demo mode only, and what the page can do itself.

import { byId, make } from '../elements.js';
import { words } from '../words.js';

const REFUSAL = 5;
const ABSENCE = 6;

/** Resolves when the server has said whether there are any: with what throws one by its name, and the tools are shown. */
export async function showSwitches(connection, note) {
  if (!(await hasSwitches(connection))) return undefined;
  const notice = byId('tools-notice');
  const throwSwitch = async (name, seconds = 0) => {
    const { room, tab } = connection;
    const asked = fetch(`demo/${room}/${name}?tab=${tab}&seconds=${seconds}`, { method: 'POST' });
    // No server, no line.
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
      // First, because afterwards there is no line that it could be asked for.
      if (await throwSwitch('refuse', REFUSAL)) await throwSwitch('cut');
    },
    restart: () => throwSwitch('restart'),
    async offline(button) {
      button.disabled = true;
      if (await throwSwitch('refuse', ABSENCE)) await throwSwitch('blackhole');
      say('offline', false);
      setTimeout(() => {
        say('online', true);
        button.disabled = false;
      }, ABSENCE * 1_000);
    },
    // Dialled by hand, a line that mends nothing is a new one.
    dial: () => (connection.mends ? connection.line.reconnect() : connection.dial()),
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
  // It was that line's wound, and now there is one to hurt.
  for (const back of ['open', 'resume'])
    connection.addEventListener(back, () => {
      slow.ariaPressed = 'false';
      notice.textContent = '';
    });
  byId('switches').replaceChildren(...buttons);
  byId('tools').hidden = false;
  return throwSwitch;
}

/** Shows what a tool does, below them all, from when one comes to it until one comes to another. */
function explain(button, text) {
  const hints = byId('hints');
  const hint = make('span', { id: `hint-${button.id}`, hidden: true }, text);
  hints.append(hint);
  button.setAttribute('aria-describedby', hint.id);
  for (const coming of ['focus', 'pointerenter'])
    button.addEventListener(coming, () => {
      for (const one of hints.children) one.hidden = one !== hint;
    });
}

/** Asks the server; and if it does not answer, again with the next line. */
async function hasSwitches(connection) {
  for (;;) {
    const opened = new Promise((resolve) => connection.addEventListener('open', resolve, { once: true }));
    try {
      const answer = await fetch('demo');
      // A proxy in front of a server that is away answers, too.
      if (answer.ok) return (await answer.text()) === 'on';
    } catch {
      // It is away.
    }
    await opened;
  }
}

/** Has the browser say that it is offline, or no longer. */
function say(type, isOnline) {
  if (isOnline) delete navigator.onLine;
  else Object.defineProperty(navigator, 'onLine', { configurable: true, get: () => false });
  window.dispatchEvent(new Event(type));
}
