// The proxies of docs/in-production.md, started with the very blocks of the page: only addresses, ports, certificates, and how long
// a reload leaves connections alone, are others.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { caddyVersion, startCaddy } from '../../../scripts/lib/caddy.mjs';
import { atLeast } from '../../../scripts/lib/find.mjs';
import { startHaproxy } from '../../../scripts/lib/haproxy.mjs';
import { startNginx } from '../../../scripts/lib/nginx.mjs';
import { makeCertificate } from '../../../scripts/lib/openssl.mjs';
import { lastingPort } from '../../../scripts/lib/ports.mjs';
import { page } from '../../docs/support/pages.mjs';

/** By name: the language of the block, how it is started, and what stands in the place of what. */
const proxies = {
  nginx: {
    language: 'nginx',
    start: startNginx,
    swaps: (port, { certificate, key }) => [
      ['listen 443 ssl http2;', `listen 127.0.0.1:${port} ssl http2;`],
      ['/etc/ssl/chat.example.org.pem', certificate],
      ['/etc/ssl/chat.example.org.key', key],
      ['worker_shutdown_timeout 1h;', 'worker_shutdown_timeout 1s;'],
    ],
    withoutTls: (port) => [
      ['listen 443 ssl http2;', `listen 127.0.0.1:${port};`],
      ['ssl_certificate /etc/ssl/chat.example.org.pem;', ''],
      ['ssl_certificate_key /etc/ssl/chat.example.org.key;', ''],
    ],
  },
  HAProxy: {
    language: 'haproxy',
    start: startHaproxy,
    swaps: (port, { both }) => [
      ['bind :443 ssl', `bind 127.0.0.1:${port} ssl`],
      ['/etc/ssl/chat.example.org.pem', both],
      ['hard-stop-after 1h', 'hard-stop-after 1s'],
    ],
  },
  Caddy: {
    language: 'caddyfile',
    start: startCaddy,
    swaps: (port, { certificate, key }) => [
      ['chat.example.org {', `https://127.0.0.1:${port} {\n    tls ${certificate} ${key}`],
      // Debian 12's does not know it, and ends them at once.
      ['stream_close_delay 1h', atLeast(caddyVersion(), '2.7') ? 'stream_close_delay 1s' : ''],
    ],
  },
};

export const names = Object.keys(proxies);

/**
 * Starts one of them before these nodes, each as `host:port`, with further pairs of what stands in the place of what. `url` is
 * where clients reach it, and `authority` the file of the certificate that they have to trust.
 */
export async function startProxyOfPage(name, nodes, changes = []) {
  const port = await lastingPort();
  const folder = await mkdtemp(join(tmpdir(), 'undrop-certificate-'));
  const certificate = await makeCertificate(folder);
  const proxy = await start(name, port, nodes, [...proxies[name].swaps(port, certificate), ...changes]);
  return {
    url: `wss://127.0.0.1:${port}`,
    authority: certificate.certificate,
    reload: () => proxy.reload(),
    async stop() {
      await proxy.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The nginx of the page without TLS, before one node or more. */
export async function startNginxWithoutTls(nodes) {
  const port = await lastingPort();
  const [first, second = first, ...others] = nodes;
  const server = (node) => `server ${node} max_fails=0;`;
  const more = [server(second), [second, ...others].map(server).join(' ')];
  const proxy = await start('nginx', port, [first, second], [...proxies.nginx.withoutTls(port), more]);
  return { url: `ws://127.0.0.1:${port}`, ...proxy };
}

function start(name, port, nodes, changes) {
  const { language, start } = proxies[name];
  const addresses = nodes.map((node, index) => [`10.0.0.${index + 1}:8080`, node]);
  const { code } = page('docs/in-production.md').blocks.find((block) => block.language === language);
  return start(swap(code, ...addresses, ...changes), port);
}

/** The text with each of these in the place of another: one that is not there is an error. */
function swap(text, ...pairs) {
  return pairs.reduce((so, [from, to]) => {
    if (!so.includes(from)) throw new Error(`docs/in-production.md does not say ${JSON.stringify(from)}`);
    return so.replaceAll(from, to);
  }, text);
}
