// The proxies of docs/in-production.md, started with the very blocks of the page: only addresses, ports and certificates are
// others.

import { startHaproxy } from '../../../scripts/lib/haproxy.mjs';
import { startNginx } from '../../../scripts/lib/nginx.mjs';
import { page } from '../../docs/support/pages.mjs';

const block = (language) => page('docs/in-production.md').blocks.find((one) => one.language === language).code;

/** The text with each of these in the place of another: one that is not there is an error. */
function swap(text, ...pairs) {
  return pairs.reduce((so, [from, to]) => {
    if (!so.includes(from)) throw new Error(`docs/in-production.md does not say ${JSON.stringify(from)}`);
    return so.replaceAll(from, to);
  }, text);
}

const nodesOf = (nodes) => nodes.map((node, index) => [`10.0.0.${index + 1}:8080`, node]);

/** By name: `start(port, nodes)`, with the nodes as `host:port`. What a reload leaves behind ends a second later. */
export const proxies = {
  nginx: (port, nodes) => {
    const text = swap(
      block('nginx'),
      ...nodesOf(nodes),
      ['listen 443 ssl http2;', `listen 127.0.0.1:${port};`],
      ['worker_shutdown_timeout 1h;', 'worker_shutdown_timeout 1s;'],
    );
    return startNginx(text.replace(/^ *ssl_certificate.*\n/gm, ''), port);
  },
  HAProxy: (port, nodes) => {
    const text = swap(
      block('haproxy'),
      ...nodesOf(nodes),
      [':443 ssl crt /etc/ssl/chat.example.org.pem alpn h2,http/1.1', `127.0.0.1:${port}`],
      ['hard-stop-after 1h', 'hard-stop-after 1s'],
    );
    return startHaproxy(text, port);
  },
};
