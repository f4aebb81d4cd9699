// The switch between the kinds of line.

import { byId, make } from '../elements.js';
import { kinds } from '../lines/kinds.js';
import { words } from '../words.js';

export function showKinds(connection) {
  const choices = Object.keys(kinds).map((kind) => {
    const choice = make('input', { type: 'radio', name: 'kind', value: kind, id: `kind-${kind}` });
    choice.addEventListener('change', () => connection.dial(kind));
    byId('kinds').append(make('label', {}, choice, make('span', {}, words[kind])));
    return choice;
  });
  connection.addEventListener('dial', () => {
    for (const choice of choices) choice.checked = choice.value === connection.kind;
  });
}
