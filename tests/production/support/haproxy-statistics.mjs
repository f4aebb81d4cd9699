// What HAProxy counts.

import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { lastingPort } from '../../../scripts/lib/ports.mjs';

/** `setting` has HAProxy tell it: a change of the block of the page. */
export async function haproxyStatistics() {
  const port = await lastingPort();
  /** The numbers of clients (`web`, `FRONTEND`) or nodes (`chat`, `BACKEND`), by their names. */
  async function numbers(name, side) {
    const lines = (await text(connect(port, '127.0.0.1').end('show stat\n'))).trim().split('\n');
    const [head, ...rows] = lines.map((line) => line.replace('# ', '').split(','));
    const row = rows.find(([proxy, server]) => proxy === name && server === side);
    return (column) => Number(row[head.indexOf(column)]);
  }
  return {
    setting: ['global\n', `global\n    stats socket ipv4@127.0.0.1:${port}\n`],
    async ofClients() {
      const number = await numbers('web', 'FRONTEND');
      // The name is of the other side, and the number is not.
      return {
        'open over HTTP/2': number('h2_backend_open_streams'),
        'ever over HTTP/1.1': number('h1_total_streams'),
      };
    },
    /** How often it has tried the same node again, and another one. */
    async retries() {
      const number = await numbers('chat', 'BACKEND');
      return { again: number('wretr'), elsewhere: number('wredis') };
    },
  };
}
