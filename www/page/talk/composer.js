// Where one writes, and where files come in: by the button, dropped, or pasted.

import { byId } from '../elements.js';

/** So often the others are told that one is writing. */
const TYPING_EVERY = 2_000;

/** Calls back with what was written, with each file, and when something is being written. */
export function listenToComposer({ onText, onFile, onTyping }) {
  const field = byId('text');
  const composer = byId('composer');
  const talk = byId('talk');
  const picker = byId('file');

  composer.addEventListener('submit', (event) => {
    event.preventDefault();
    const text = field.value.trim();
    if (!text) return;
    field.value = '';
    fit();
    field.focus();
    onText(text);
  });
  field.addEventListener('keydown', (event) => {
    // Enter also ends the composition of a Chinese or Japanese word, and that must not send.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    composer.requestSubmit();
  });

  /** Grows the field with its text; the style sheet says how far. */
  const fit = () => {
    field.style.height = 'auto';
    field.style.height = `${field.scrollHeight + 2}px`;
  };
  let told = -TYPING_EVERY;
  field.addEventListener('input', ({ timeStamp }) => {
    fit();
    if (!field.value || timeStamp - told < TYPING_EVERY) return;
    told = timeStamp;
    onTyping();
  });

  byId('attach').addEventListener('click', () => picker.click());
  picker.addEventListener('change', () => {
    for (const file of picker.files) onFile(file);
    picker.value = '';
  });
  // Wherever it is pasted: text goes where it would go.
  document.addEventListener('paste', (event) => {
    const { files } = event.clipboardData;
    if (!files.length) return;
    event.preventDefault();
    for (const file of files) onFile(file);
  });

  const carriesFiles = (event) => event.dataTransfer?.types.includes('Files');
  document.addEventListener('dragover', (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    talk.classList.add('dropping');
  });
  document.addEventListener('dragleave', ({ relatedTarget }) => {
    if (!relatedTarget) talk.classList.remove('dropping');
  });
  document.addEventListener('drop', (event) => {
    talk.classList.remove('dropping');
    if (!carriesFiles(event)) return;
    event.preventDefault();
    for (const file of event.dataTransfer.files) onFile(file);
  });
}
