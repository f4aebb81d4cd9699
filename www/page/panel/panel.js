// The side panel. It is beside the conversation on a wide screen and over it on a narrow one.

import { byId } from '../elements.js';
import { words } from '../words.js';
import { showCounters } from './counters.js';
import { showEvents } from './events.js';
import { showKinds } from './kinds.js';
import { showScore } from './score.js';
import { showSwitches } from './switches.js';
import { showTrips } from './trips.js';

export function showPanel(connection, score) {
  const toggle = byId('toggle');
  const panel = byId('panel');
  /** The same width as in the style sheet. */
  const beside = matchMedia('(min-width: 64rem)');
  const open = (isOpen) => {
    document.body.classList.toggle('with-panel', isOpen);
    toggle.ariaExpanded = String(isOpen);
    // What the panel covers cannot be reached by keyboard either.
    for (const covered of document.querySelectorAll('.head, .people, .talk')) covered.inert = isOpen && !beside.matches;
  };
  const close = () => {
    open(false);
    toggle.focus();
  };
  open(beside.matches);
  beside.addEventListener('change', () => open(beside.matches));
  toggle.hidden = false;
  toggle.addEventListener('click', () => {
    const isOpen = toggle.ariaExpanded !== 'true';
    open(isOpen);
    if (isOpen) panel.focus();
  });
  byId('panel-close').addEventListener('click', close);
  panel.addEventListener('keydown', ({ key }) => {
    if (key === 'Escape') close();
  });

  connection.addEventListener('statechange', () => {
    const { state } = connection.socket;
    byId('state').textContent = words.states[state];
    toggle.dataset.state = state;
  });
  showKinds(connection);
  showTrips(connection, score);
  showCounters(connection);
  const note = showEvents(connection);
  showScore(connection, score, showSwitches(connection, note));
}
