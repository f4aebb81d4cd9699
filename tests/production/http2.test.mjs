// What comes to the proxies of docs/in-production.md over HTTP/2, and what becomes of a client's offer to compress.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:http2';
import { before, describe, it } from 'node:test';
import { browsers } from '../support/browsers.mjs';
import { begin, shakeHands } from './support/handshakes.mjs';
import { haproxyStatistics } from './support/haproxy-statistics.mjs';
import { node, proxy } from './support/started.mjs';

/** Whether each of them takes WebSockets over HTTP/2. */
const takesThem = { nginx: false, HAProxy: true };

let statistics;
const proxies = {};

before(async () => {
  const one = await node();
  statistics = await haproxyStatistics();
  for (const name of Object.keys(takesThem))
    proxies[name] = await proxy(name, [one], name === 'HAProxy' ? [statistics.setting] : []);
});

for (const [name, takes] of Object.entries(takesThem))
  describe(name, () => {
    it(`${takes ? 'offers' : 'does not offer'} WebSockets over HTTP/2, and ${takes ? 'a session begins' : 'refuses them'}`, async () => {
      const { url, authority } = proxies[name];
      const session = connect(url.replace('wss:', 'https:'), { ca: readFileSync(authority) });
      const [{ enableConnectProtocol }] = await once(session, 'remoteSettings');
      assert.equal(enableConnectProtocol, takes);
      // https://www.rfc-editor.org/rfc/rfc8441#section-5
      const stream = session.request(
        {
          ...{ ':method': 'CONNECT', ':protocol': 'websocket', ':scheme': 'https', ':path': '/echo' },
          ...{ 'sec-websocket-version': '13', 'sec-websocket-protocol': 'undrop.1' },
        },
        { endStream: false },
      );
      const [head] = await once(stream, 'response');
      assert.equal(head[':status'], takes ? 200 : 400);
      if (takes) {
        assert.equal(head['sec-websocket-protocol'], 'undrop.1');
        const mask = [0, 0, 0, 0];
        stream.write(Buffer.from([0x81, 0x80 | 4, ...mask, 0x10, ...Buffer.from('new')]));
        const [answer] = await once(stream, 'data');
        assert.ok(answer.toString('latin1', 2).startsWith('\u0010welcome '), answer.toString('latin1'));
      }
      session.destroy();
    });

    for (const [browser, start] of Object.entries(browsers))
      it(`${browser} opens its WebSockets over ${takes ? 'the HTTP/2 connection of the page' : 'HTTP/1.1'}`, async () => {
        const { url } = proxies[name];
        const running = await start({ ignoreHTTPSErrors: true });
        try {
          await running.goto(url.replace('wss:', 'https:'));
          const protocol = '() => performance.getEntriesByType("navigation")[0].nextHopProtocol';
          assert.equal(await running.run(protocol), 'h2');
          const opened = (url) =>
            new Promise((resolve, reject) => {
              const socket = new WebSocket(url, 'undrop.1');
              socket.onopen = () => resolve(socket.protocol);
              socket.onerror = () => reject(new Error('no connection'));
            });
          assert.equal(await running.run(String(opened), `${url}/echo`), 'undrop.1');
          // nginx does not say what it has; there the page could not have another way.
          if (takes) assert.deepEqual(await statistics.ofClients(), { 'open over HTTP/2': 1, 'ever over HTTP/1.1': 0 });
        } finally {
          await running.quit();
        }
      });

    it('hands on an offer to compress, and the server does not take it', async () => {
      const { socket } = await shakeHands(proxies[name], { perMessageDeflate: true });
      assert.equal(socket.extensions, '');
      assert.equal(await begin(socket), 'welcome');
      socket.terminate();
    });
  });
