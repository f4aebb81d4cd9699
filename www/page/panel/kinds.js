// The switch between the kinds of sockets.

import { kinds } from '../connections/kinds.js';
import { byId, make } from '../elements.js';
import { words } from '../words.js';

export function showKinds(connection) {
  const choices = Object.keys(kinds).map((kind) => {
    const choice = make('input', { type: 'radio', name: 'kind', value: kind, id: `kind-${kind}` });
    choice.addEventListener('change', () => connection.connect(kind));
    byId('kinds').append(make('label', {}, choice, make('span', {}, words[kind])));
    return choice;
  });
  connection.addEventListener('attempt', () => {
    for (const choice of choices) choice.checked = choice.value === connection.kind;
  });
}
