// A file in the log: a picture is shown, any other file can be saved. No file is opened as a page, as it would have our origin.

import { make } from '../elements.js';
import { complaint, words } from '../words.js';

/** The types that a browser shows without running scripts. */
const PICTURES = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif']);

/** `loader` loads the file's bytes: `(file, progress) => Promise<Blob>`. */
export function pictureOf(file, from, loader) {
  const isPicture = PICTURES.has(file.kind);
  const name = make('span', { className: 'name', dir: 'auto' }, file.name);
  const size = make('span', { className: 'faint small' }, sizeOf(file.size));
  const state = make('span', { className: 'outcome' });
  const frame = make('figure', { className: 'file' }, make('figcaption', {}, name, ' ', size), state);
  const load = async () => {
    state.textContent = words['file-fetching'](0);
    try {
      const bytes = await loader(file, (share) => {
        state.textContent = words['file-fetching'](Math.floor(share * 100));
      });
      state.replaceChildren(savingLink(bytes, file));
      if (isPicture) frame.prepend(picture(bytes, file, from));
      return true;
    } catch (error) {
      state.textContent = error.data ? complaint(error.data) : words['file-broken'];
      return false;
    }
  };
  if (isPicture) {
    whenSeen(frame, load);
  } else {
    const button = make('button', { type: 'button', className: 'small quiet' }, words.load);
    button.addEventListener('click', async () => {
      if (await load()) state.querySelector('a').click();
    });
    state.append(button);
  }
  return frame;
}

function picture(bytes, { name, kind }, from) {
  const image = make('img', {
    alt: words.image(name, from),
    src: URL.createObjectURL(bytes.slice(0, bytes.size, kind)),
  });
  // The address is needed only until the picture is decoded.
  for (const end of ['load', 'error']) image.addEventListener(end, () => URL.revokeObjectURL(image.src));
  return image;
}

function savingLink(bytes, { name }) {
  const plain = bytes.slice(0, bytes.size, 'application/octet-stream');
  return make('a', { href: URL.createObjectURL(plain), download: name }, words.save);
}

function whenSeen(element, act) {
  const observer = new IntersectionObserver((entries) => {
    if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
    observer.disconnect();
    act();
  });
  observer.observe(element);
}

function sizeOf(bytes) {
  const units = ['B', 'KiB', 'MiB'];
  const unit = Math.min(Math.floor(Math.log2(bytes) / 10), 2);
  const number = bytes / 1024 ** unit;
  return `${number.toFixed(unit && number < 10 ? 1 : 0)} ${units[unit]}`;
}
