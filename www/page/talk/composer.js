// The field for messages, and the ways to add files: the button, dropping, pasting.

import { byId } from '../elements.js';

/** The least interval of the messages that say that this member is writing. */
const TYPING_EVERY = 2_000;

/** Calls back with each message, with each file, and while a message is being written. */
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
    // Enter also ends the composition of a Chinese or Japanese word, which must not send the message.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    composer.requestSubmit();
  });

  /** Fits the height of the field to its text, up to the limit of the style sheet. */
  const fit = () => {
    field.style.height = 'auto';
    field.style.height = `${field.scrollHeight + 2}px`;
  };
  let last = -TYPING_EVERY;
  field.addEventListener('input', ({ timeStamp }) => {
    fit();
    if (!field.value || timeStamp - last < TYPING_EVERY) return;
    last = timeStamp;
    onTyping();
  });

  byId('attach').addEventListener('click', () => picker.click());
  picker.addEventListener('change', () => {
    for (const file of picker.files) onFile(file);
    picker.value = '';
  });
  // Files may be pasted anywhere on the page. The browser handles pasted text.
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
