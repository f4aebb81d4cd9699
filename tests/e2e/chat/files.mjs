// Files to send, which are made in the page, and their hashes at both ends.

/** A function of the page: `makeFile(size)` gives a file of that size that looks like noise and is the same each time. */
const makeFile = `(name, type, size) => {
  const bytes = new Uint8Array(size);
  let state = 1;
  for (let index = 0; index < size; index++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[index] = state >>> 24;
  }
  return new File([bytes], name, { type });
}`;

const hash = `async (blob) => {
  const digest = await crypto.subtle.digest('SHA-256', await blob.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}`;

/** Drops a file onto the page. Returns its hash. */
export const dropFile = (person, name, size) =>
  person.do(
    `async (name, size) => {
      const file = (${makeFile})(name, '', size);
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(file);
      for (const type of ['dragover', 'drop'])
        document.getElementById('log').dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
      return (${hash})(file);
    }`,
    name,
    size,
  );

/** Pastes a file onto the element of this id. */
export const pasteFile = (person, name, id) =>
  person.do(
    `(name, id) => {
      const transfer = new DataTransfer();
      transfer.items.add((${makeFile})(name, '', 1_000));
      const paste = new Event('paste', { bubbles: true, cancelable: true });
      // Not every browser lets a page construct a paste event with files.
      Object.defineProperty(paste, 'clipboardData', { value: transfer });
      document.getElementById(id).dispatchEvent(paste);
    }`,
    name,
    id,
  );

/** Picks a picture, as the dialog of the button does. */
export const pickPicture = (person, name) =>
  person.do(
    `async (name) => {
      const canvas = document.createElement('canvas');
      canvas.width = 320;
      canvas.height = 200;
      const context = canvas.getContext('2d');
      const sky = context.createLinearGradient(0, 0, 0, 200);
      sky.addColorStop(0, '#0f766e');
      sky.addColorStop(1, '#fde68a');
      context.fillStyle = sky;
      context.fillRect(0, 0, 320, 200);
      const blob = await new Promise((resolve) => canvas.toBlob(resolve, 'image/png'));
      const transfer = new DataTransfer();
      transfer.items.add(new File([blob], name, { type: 'image/png' }));
      const picker = document.getElementById('file');
      picker.files = transfer.files;
      picker.dispatchEvent(new Event('change'));
    }`,
    name,
  );

/** Loads a file from the log. Returns the hash of its bytes. */
export async function load(person, name) {
  const find = (name) =>
    [...document.querySelectorAll('figure.file')].find((one) => one.querySelector('.name').textContent === name);
  await person.sees(find, name);
  await person.do(
    `(name) => {
      const figure = (${find})(name);
      // The click would save the file, for which a browser may ask its user.
      document.addEventListener('click', (event) => event.target.download && event.preventDefault(), true);
      figure.querySelector('button').click();
    }`,
    name,
  );
  await person.sees(`(name) => (${find})(name).querySelector('a[download]')?.href`, name);
  return person.do(`() => (${hash})(window.blobs.at(-1))`);
}
