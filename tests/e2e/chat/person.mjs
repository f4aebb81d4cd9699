// Somebody with a browser in front of them: comes in, says things, and sees what is on the page.

/** What a person does and sees, on top of `tests/support/browsers.mjs`. */
export class Person {
  #browser;

  constructor(browser) {
    this.#browser = browser;
  }

  /** Comes into a room by this name, through the entrance. */
  async enter(url, room, name) {
    await this.open(url, room);
    await this.join({ name });
    await this.sees(() => !document.getElementById('house').hidden);
  }

  /** Fills in what is given of the entrance's fields, and asks to be let in. */
  join(fields) {
    return this.do((fields) => {
      for (const [id, value] of Object.entries(fields)) document.getElementById(id).value = value;
      document.getElementById('entrance').requestSubmit();
    }, fields);
  }

  /** Stands at the entrance, and minds from now on what goes wrong. */
  async open(url, room) {
    await this.#browser.goto(`${url}?room=${room}`);
    await this.do(() => {
      // The page's own, wherever the driver runs this.
      window.troubles = [];
      window.blobs = [];
      const { console, troubles, URL } = window;
      window.addEventListener('error', ({ message }) => troubles.push(message));
      window.addEventListener('unhandledrejection', ({ reason }) => troubles.push(`${reason}`));
      for (const level of ['error', 'warn']) console[level] = (...given) => troubles.push(given.join(' '));
      const { createObjectURL } = URL;
      URL.createObjectURL = (blob) => {
        window.blobs.push(blob);
        return createObjectURL.call(URL, blob);
      };
    });
  }

  /** Runs a function in the page. */
  do(act, ...given) {
    return this.#browser.run(String(act), ...given);
  }

  /** Waits until something holds in the page, which is asked whenever the page has changed; gives what it said. */
  sees(holds, ...given) {
    return this.#browser.run(
      `(...given) => new Promise((resolve, reject) => {
        const holds = ${holds};
        const look = () => {
          const seen = holds(...given);
          if (!seen) return;
          observer.disconnect();
          clearTimeout(limit);
          resolve(seen);
        };
        const observer = new MutationObserver(look);
        observer.observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
        document.addEventListener('load', look, true);
        const limit = setTimeout(() => reject(new Error('never: ' + holds + ' of ' + JSON.stringify(given) + ' in: ' +
          document.body.innerText)), 45_000);
        look();
      })`,
      ...given,
    );
  }

  say(text) {
    return this.do((text) => {
      document.getElementById('text').value = text;
      document.getElementById('composer').requestSubmit();
    }, text);
  }

  /** Waits until this has been said, and is no longer on its way. */
  reads(text) {
    const isThere = (text) =>
      [...document.querySelectorAll('.log li:not(.pending) .bubble')].some((bubble) => bubble.textContent === text);
    return this.sees(isThere, text);
  }

  /** Everything that was said, in the order of the page. */
  readAll() {
    return this.do(() => [...document.querySelectorAll('.log li:not(.pending) .bubble')].map((one) => one.textContent));
  }

  /** Clicks on the element of this id. */
  click(id) {
    return this.do((id) => document.getElementById(id).click(), id);
  }

  /** Waits for this state of the line. */
  seesLine(state) {
    return this.sees((state) => document.getElementById('toggle').dataset.state === state, state);
  }

  /** Has the page talk over this kind of line. */
  async choose(kind) {
    await this.click(`kind-${kind}`);
    await this.sees(
      (kind) =>
        document.getElementById(`kind-${kind}`).checked && document.getElementById('toggle').dataset.state === 'open',
      kind,
    );
  }

  /** How many lines were lost. */
  losses() {
    return this.do(() => document.querySelectorAll('#events .drop').length);
  }

  /** Waits until so many numbers have been said. */
  seesCounted(kind, count) {
    const isThere = (kind, count) => Number(document.querySelector(`#score-${kind}-sent strong`)?.textContent) >= count;
    return this.sees(isThere, kind, count);
  }

  /** What became of the numbers: of each fate how many there were, outwards and inwards. */
  fates(kind) {
    return this.do((kind) => {
      const numbers = (fate) => document.querySelector(`#score-${kind}-${fate} .both`).textContent.match(/\d+/g);
      const names = ['sent', 'delivered', 'waiting', 'lost', 'twice', 'late'];
      return Object.fromEntries(names.map((fate) => [fate, numbers(fate).map(Number)]));
    }, kind);
  }

  /** What went wrong in the page since `open`. */
  troubles() {
    return this.do(() => window.troubles);
  }
}
