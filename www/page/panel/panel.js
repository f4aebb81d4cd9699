// The side panel: beside the conversation where there is room for it, over it where there is not.

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
  /** As the style sheet has it. */
  const beside = matchMedia('(min-width: 64rem)');
  const open = (isOpen) => {
    document.body.classList.toggle('with-panel', isOpen);
    toggle.ariaExpanded = String(isOpen);
    // What lies behind it cannot be reached by keyboard either.
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
    const { state } = connection.line;
    byId('state').textContent = words.states[state];
    toggle.dataset.state = state;
  });
  showKinds(connection);
  showTrips(connection, score);
  showCounters(connection);
  const note = showEvents(connection);
  showScore(connection, score, showSwitches(connection, note));
}
