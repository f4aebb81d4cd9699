// A page whose Content-Security-Policy forbids the address. The browsers differ: in Chromium the socket is closed from
// the start and gets an `error` that no `close` follows; in Firefox its constructor throws.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startTestServer } from '../../scripts/lib/test-server.mjs';
import { browsers } from '../support/browsers.mjs';
import { bundle } from '../support/bundle.mjs';
import { startPageServer } from '../support/page-server.mjs';

const SCRIPT = `
  import { Undrop } from '../dist/index.js';

  const RETRY = { retry: { first: 20, cap: 20, limit: 2 }, connectTimeout: 200 };
  const makers = {
    native: (url) => new WebSocket(url),
    'retry: false': (url) => new Undrop(url, [], { retry: false }),
    value: (url) => new Undrop(url, [], RETRY),
    function: (url) => new Undrop(() => url, [], RETRY),
    promise: (url) => new Undrop(async () => url, [], RETRY),
  };
  const words = {
    drop: ({ cause, code, attempt }) => 'drop ' + cause + ' ' + code + ' #' + attempt,
    close: ({ code }) => 'close ' + code,
  };

  // Returns the events of a socket to url until the first of the type last, and until another socket, which is allowed, has opened.
  globalThis.eventsOf = async (how, url, last, allowed) => {
    let socket;
    try {
      socket = makers[how](url);
    } catch ({ name }) {
      return ['threw ' + name];
    }
    const events = ['at first ' + socket.readyState];
    await new Promise((resolve) => {
      for (const type of ['open', 'drop', 'error', 'close'])
        socket.addEventListener(type, (event) => {
          events.push((words[type]?.(event) ?? type));
          if (type === last) resolve();
        });
    });
    const other = new WebSocket(allowed);
    await new Promise((resolve) => { other.onopen = resolve; });
    other.close();
    return [...events, 'at last ' + socket.readyState];
  };`;

const asNative = {
  Chromium: ['at first 3', 'error', 'at last 3'],
  Firefox: ['threw NS_ERROR_CONTENT_BLOCKED'],
};

/** An attempt whose end the browser does not report ends by `connectTimeout`. */
const timedOut = ['at first 0', 'drop timeout 1006 #2', 'error', 'close 1006', 'at last 3'];
/** As with a URL that the browser's constructor refuses. */
const refused = ['at first 0', 'drop url 1006 #2', 'error', 'close 1006', 'at last 3'];

const retrying = {
  value: { Chromium: timedOut, Firefox: asNative.Firefox },
  function: { Chromium: timedOut, Firefox: refused },
  promise: { Chromium: timedOut, Firefox: refused },
};

for (const name of Object.keys(browsers)) {
  describe(name, () => {
    let server;
    let pages;
    let browser;
    before(async () => {
      server = await startTestServer();
      const text = '<!doctype html><title>csp</title><body><script src="script.js"></script>';
      const page = { text, headers: { 'content-security-policy': "connect-src 'self'" } };
      const scripts = { '/script.js': await bundle(SCRIPT) };
      pages = await startPageServer({ pages: { '/page.html': page, ...scripts }, upgrades: server.url });
      browser = await browsers[name]();
      await browser.goto(`${pages.url}/page.html`);
    });
    after(async () => {
      await browser.quit();
      await Promise.all([pages.stop(), server.stop()]);
    });

    /** The server would answer; only the page's policy forbids the address. */
    const eventsOf = (how, last) =>
      browser.run(
        '(...args) => eventsOf(...args)',
        how,
        `${server.url}/echo`,
        last,
        `${pages.url.replace('http', 'ws')}/echo`,
      );

    it('with retry: false the events are those of the browser’s own class', async () => {
      assert.deepEqual(await eventsOf('native', 'error'), asNative[name]);
      assert.deepEqual(await eventsOf('retry: false', 'error'), asNative[name]);
    });

    for (const [how, expected] of Object.entries(retrying))
      it(`a socket whose URL is a ${how} is not stuck`, async () => {
        assert.deepEqual(await eventsOf(how, 'close'), expected[name]);
      });
  });
}
