// What needs pages of its own: frames and workers that come and go, navigation, a content security policy, a page in an
// old encoding. Each scene is played with the browser's own class and with ours, and has to end the same.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startTestServer } from '../../scripts/lib/test-server.mjs';
import { browsers } from '../support/browsers.mjs';
import { bundle } from '../support/bundle.mjs';
import { startPageServer } from '../support/page-server.mjs';

const classes = ['native', 'index'];

/** A scene runs in `page` as `play(server, id)`. What it returns is compared, and what the server has counted then. */
const scenes = {
  'a page that is left closes its sockets': {
    play: async (server, id) => {
      const socket = new Socket(`${server}/echo?id=${id}`);
      await new Promise((resolve) => {
        socket.onopen = resolve;
      });
    },
    leave: true,
    until: ({ closes }) => closes.length === 1,
  },
  'a page that is left while it connects leaves nothing open': {
    play: async (server, id) => {
      new Socket(`${server}/echo?id=${id}`);
    },
    leave: true,
    until: ({ open }) => open === 0,
    // How far the attempt came depends on time.
    counted: ({ open }) => ({ open }),
  },
  'a frame that is removed closes its sockets, without an event': {
    play: async (server, id) => {
      const frame = await addFrame('page.html');
      const socket = new frame.contentWindow.Socket(`${server}/echo?id=${id}`);
      const log = [];
      for (const type of ['error', 'close']) socket.addEventListener(type, () => log.push(type));
      await new Promise((resolve) => {
        socket.onopen = resolve;
      });
      frame.remove();
      await countedOpen(server, id, 0);
      return log;
    },
    until: ({ closes }) => closes.length === 1,
  },
  'a frame can remove itself in an error listener': {
    play: async (server, id) => {
      const frame = await addFrame('page.html');
      const socket = new frame.contentWindow.Socket(`${server}/status?code=404&id=${id}`);
      const log = [];
      socket.onclose = () => log.push('close');
      await new Promise((resolve) => {
        socket.onerror = () => {
          frame.remove();
          resolve();
        };
      });
      const other = new Socket(`${server}/echo`);
      await new Promise((resolve) => {
        other.onopen = resolve;
      });
      other.close();
      return log;
    },
  },
  'the class of a frame resolves urls against that frame, and makes its events and data': {
    play: async (server) => {
      const frame = await addFrame('folder/page.html');
      const theirs = frame.contentWindow;
      const { Socket } = theirs;
      const relative = new Socket('echo');
      const socket = new Socket(`${server}/push?count=1&size=1&binary=1`);
      socket.binaryType = 'arraybuffer';
      const event = await new Promise((resolve) => {
        socket.onmessage = resolve;
      });
      let thrown;
      try {
        new Socket('ftp://example.invalid/');
      } catch (error) {
        thrown = error instanceof theirs.DOMException;
      }
      const seen = [
        new URL(relative.url).pathname.replace(/native|index/, 'class'),
        socket instanceof Socket,
        socket instanceof globalThis.Socket,
        event instanceof theirs.MessageEvent,
        event.data instanceof theirs.ArrayBuffer,
        thrown,
      ];
      relative.close();
      socket.close();
      frame.remove();
      return seen;
    },
  },
  'the class of a frame that is gone can be called, and does what it does': {
    play: async (server, id) => {
      const frame = await addFrame('page.html');
      const { Socket } = frame.contentWindow;
      new Socket(`${server}/echo`).close();
      frame.remove();
      try {
        return [new Socket(`${server}/echo?id=${id}`).readyState];
      } catch (error) {
        return [error.name];
      }
    },
  },
  'a base element changes what urls are relative to': {
    play: async () => {
      const base = document.createElement('base');
      base.href = 'https://example.invalid/base/';
      document.head.append(base);
      const socket = new Socket('path?query');
      const { url } = socket;
      socket.close();
      base.remove();
      return url.replace(/native|index/, 'class');
    },
  },
  'a worker that is terminated closes its sockets': {
    play: async (server, id) => {
      const worker = startWorker(`
        const socket = new Socket('${server}/echo?id=${id}');
        socket.onopen = () => postMessage('open');`);
      await new Promise((resolve) => {
        worker.onmessage = resolve;
      });
      worker.terminate();
    },
    until: ({ open, handshakes }) => handshakes === 1 && open === 0,
    counted: ({ handshakes, open }) => ({ handshakes, open }),
  },
  'a worker that has closed itself can still make a socket': {
    play: async (server) => {
      const worker = startWorker(`
        close();
        const { readyState, url } = new Socket('${server}/echo');
        postMessage([readyState, url === '${server}/echo']);`);
      const { data } = await new Promise((resolve) => {
        worker.onmessage = resolve;
      });
      return data;
    },
  },
  'a content security policy that forbids the address fails the attempt': {
    page: 'policy.html',
    // Firefox throws; in Chromium there is an error and no close.
    play: async (server, id) => {
      const log = [];
      try {
        const socket = new Socket(`${server}/echo?id=${id}`);
        log.push(socket.readyState, socket.url === `${server}/echo?id=${id}`);
        socket.onclose = () => log.push('close');
        await new Promise((resolve) => {
          socket.onerror = () => setTimeout(resolve);
        });
        log.push('error', socket.readyState);
      } catch (error) {
        log.push(error.name);
      }
      return log;
    },
  },
  'a page in windows-1252 has its urls in UTF-8': {
    page: 'latin.html',
    play: async (server) => {
      const socket = new Socket(`${server}/headers?åäö`);
      const { data } = await new Promise((resolve) => {
        socket.onmessage = resolve;
      });
      socket.close();
      return [document.characterSet, JSON.parse(data).path, socket.url.split('?')[1]];
    },
  },
  'cookies of the page go along': {
    play: async (server) => {
      // biome-ignore lint/suspicious/noDocumentCookie: the way that every browser has
      document.cookie = 'taste=sweet';
      const socket = new Socket(`${server}/headers`);
      const { data } = await new Promise((resolve) => {
        socket.onmessage = resolve;
      });
      socket.close();
      return JSON.parse(data).cookie ?? null;
    },
  },
  'a busy page gets its events late, in order, and all of them': {
    play: async (server) => {
      const socket = new Socket(`${server}/close?code=4000&after=3`);
      const log = [];
      socket.onmessage = ({ data }) => log.push(data);
      socket.onopen = () => {
        for (const text of ['a', 'b', 'c']) socket.send(text);
        const until = performance.now() + 200;
        while (performance.now() < until);
        log.push(socket.readyState);
      };
      return new Promise((resolve) => {
        socket.onclose = ({ code }) => resolve([...log, code]);
      });
    },
  },
};

// What the scenes share, in the page.
const helpers = `
  globalThis.addFrame = (src) => new Promise((resolve) => {
    const frame = document.createElement('iframe');
    frame.src = src;
    frame.onload = () => resolve(frame);
    document.body.append(frame);
  });
  globalThis.startWorker = (text) => new Worker(
    URL.createObjectURL(new Blob(['importScripts("' + new URL('script.js', location.href) + '");' + text])));
  globalThis.countedOpen = async (server, id, count) => {
    for (;;) {
      const { open } = await (await fetch(server.replace('ws', 'http') + '/stats?id=' + id)).json();
      if (open === count) return;
    }
  };`;

async function pagesOf(name) {
  const script = await bundle(`
    import Socket from './conformance/classes/${name}.js';
    globalThis.Socket = Socket;`);
  const html = (charset) =>
    `<!doctype html><meta charset="${charset}"><body>` +
    `<script src="/${name}/script.js"></script><script src="/${name}/helpers.js"></script>`;
  const withHeaders = (headers, text = html('utf-8')) => ({ text, headers });
  const policy = "default-src 'self'; script-src 'self' 'unsafe-eval'; connect-src 'self'";
  return Object.entries({
    'script.js': script,
    'helpers.js': helpers,
    'page.html': html('utf-8'),
    'folder/page.html': html('utf-8'),
    'empty.html': '<!doctype html><title>left</title>',
    'policy.html': withHeaders({ 'content-security-policy': policy }),
    'latin.html': withHeaders({ 'content-type': 'text/html; charset=windows-1252' }, html('windows-1252')),
  }).map(([path, page]) => [`/${name}/${path}`, page]);
}

for (const [browserName, start] of Object.entries(browsers)) {
  describe(browserName, () => {
    let server;
    let pages;
    let browser;

    before(async () => {
      server = await startTestServer();
      const all = await Promise.all(classes.map(pagesOf));
      pages = await startPageServer({ pages: Object.fromEntries(all.flat()), upgrades: server.url });
      browser = await start();
    });
    after(async () => {
      await browser?.quit();
      await pages?.stop();
      await server?.stop();
    });

    for (const [name, scene] of Object.entries(scenes)) {
      it(name, async () => {
        const [native, undrop] = [await act('native', name, scene), await act('index', name, scene)];
        assert.deepEqual(undrop, native);
      });
    }

    async function act(className, name, scene) {
      const { page = 'page.html', play, leave, until = () => true, counted = (all) => all } = scene;
      const id = `${className}-${Object.keys(scenes).indexOf(name)}`;
      await browser.goto(`${pages.url}/${className}/${page}`);
      const seen = await browser.run(limited(play), server.url, id);
      if (leave) await browser.goto(`${pages.url}/${className}/empty.html`);
      return { seen, counted: counted(await stats(id, until)) };
    }

    async function stats(id, holds) {
      const deadline = Date.now() + 10_000;
      for (;;) {
        const answer = await (await fetch(`${server.url.replace('ws', 'http')}/stats?id=${id}`)).json();
        if (holds(answer)) return answer;
        if (Date.now() > deadline) assert.fail(`the server counts ${JSON.stringify(answer)}`);
      }
    }
  });
}

/** A scene that never ends fails by its own timeout, so that its name is reported. */
const limited = (play) => `async (...args) => {
  const limit = new Promise((resolve) => setTimeout(resolve, 10_000, '<timed out>'));
  return (await Promise.race([(${play})(...args), limit])) ?? null;
}`;
