// What the servers in Node have in common: they print their address, end when their standard input is closed, and answer each line
// on that with how much memory they use, when nothing is left that can be collected. That needs the flag `--expose-gc`.

import { createInterface } from 'node:readline';

export function listen(server) {
  server.listen(0, '127.0.0.1', () => console.log(`listening ws://127.0.0.1:${server.address().port}`));
  createInterface({ input: process.stdin })
    .on('line', () => {
      globalThis.gc();
      console.log(process.memoryUsage.rss());
    })
    .on('close', () => process.exit());
}
