// A person with a browser: joins a room, sends messages, and sees what is on the page.

/** The actions and observations of a person, on top of `tests/support/browsers.mjs`. */
export class Person {
  #browser;

  constructor(browser) {
    this.#browser = browser;
  }

  /** Joins a room by this name, through the entrance. */
  async enter(url, room, name) {
    await this.open(url, room);
    await this.join({ name });
    await this.sees(() => !document.getElementById('chat').hidden);
  }

  /** Fills in the given fields of the entrance and submits it. */
  join(fields) {
    return this.do((fields) => {
      for (const [id, value] of Object.entries(fields)) document.getElementById(id).value = value;
      document.getElementById('entrance').requestSubmit();
    }, fields);
  }

  /** Opens the entrance, and records errors and warnings from now on. */
  async open(url, room) {
    await this.#browser.goto(`${url}?room=${room}`);
    await this.do(() => {
      // They are the page's own objects, wherever the driver runs this.
      window.errors = [];
      window.blobs = [];
      const { console, errors, URL } = window;
      window.addEventListener('error', ({ message }) => errors.push(message));
      window.addEventListener('unhandledrejection', ({ reason }) => errors.push(`${reason}`));
      for (const level of ['error', 'warn']) console[level] = (...given) => errors.push(given.join(' '));
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

  /** Waits until a function of the page returns something true, and returns that. It is called whenever the page changes. */
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

  /** Waits until this message is in the log and no longer pending. */
  reads(text) {
    const isThere = (text) =>
      [...document.querySelectorAll('.log li:not(.pending) .bubble')].some((bubble) => bubble.textContent === text);
    return this.sees(isThere, text);
  }

  /** Returns every message that is not pending, in the order of the page. */
  readAll() {
    return this.do(() => [...document.querySelectorAll('.log li:not(.pending) .bubble')].map((one) => one.textContent));
  }

  /** Clicks on the element of this id. */
  click(id) {
    return this.do((id) => document.getElementById(id).click(), id);
  }

  /** Waits for this state of the socket. */
  seesState(state) {
    return this.sees((state) => document.getElementById('toggle').dataset.state === state, state);
  }

  /** Chooses this kind of socket, and waits until it is open. */
  async choose(kind) {
    await this.click(`kind-${kind}`);
    await this.sees(
      (kind) =>
        document.getElementById(`kind-${kind}`).checked && document.getElementById('toggle').dataset.state === 'open',
      kind,
    );
  }

  /** Waits until the connection has dropped so often. */
  seesDrops(count) {
    return this.sees((count) => document.querySelectorAll('#events .drop').length >= count, count);
  }

  /** Waits until so many numbers have been sent. */
  seesCounted(kind, count) {
    const isThere = (kind, count) => Number(document.querySelector(`#score-${kind}-sent strong`)?.textContent) >= count;
    return this.sees(isThere, kind, count);
  }

  /** Returns how many numbers had each outcome, outwards and inwards. */
  outcomes(kind) {
    return this.do((kind) => {
      const numbers = (outcome) => document.querySelector(`#score-${kind}-${outcome} .both`).textContent.match(/\d+/g);
      const names = ['sent', 'delivered', 'waiting', 'lost', 'twice', 'late'];
      return Object.fromEntries(names.map((outcome) => [outcome, numbers(outcome).map(Number)]));
    }, kind);
  }

  /** Returns the errors and warnings of the page since `open`. */
  errors() {
    return this.do(() => window.errors);
  }
}
