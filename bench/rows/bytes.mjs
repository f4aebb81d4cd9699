// The bytes that an application ships for each contender: bundled, minified, compressed with brotli.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { entries } from '../../scripts/build/bundle.mjs';
import { brotli } from '../../scripts/build/sizes.mjs';
import { dist, inRoot } from '../../scripts/lib/paths.mjs';
import { bundle } from '../lib/pages.mjs';

const PEERS = {
  'reconnecting-websocket': `export { default } from 'reconnecting-websocket';`,
  partysocket: `export { default } from 'partysocket/ws';`,
  'websocket-ts': `export { ConstantBackoff, ExponentialBackoff, WebsocketBuilder, WebsocketEvent } from 'websocket-ts';`,
  rxjs: `export { retry } from 'rxjs'; export { webSocket } from 'rxjs/webSocket';`,
  'socket.io': `export { io } from 'socket.io-client';`,
  phoenix: `export { Socket } from 'phoenix';`,
  centrifuge: `export { Centrifuge } from 'centrifuge';`,
  // As little of it as connects.
  ably: `export { BaseRealtime, FetchRequest, WebSocketTransport } from 'ably/modular';`,
  signalr: `export { HubConnectionBuilder } from '@microsoft/signalr';`,
};

export const bytes = {
  name: 'bytes',
  async run() {
    const budget = JSON.parse(readFileSync(inRoot('budget.json'), 'utf8')).entries;
    const samples = {};
    const targets = {};
    for (const entry of entries) {
      const name = entry === 'index' ? 'undrop' : `undrop/${entry}`;
      samples[name] = [await shipped(`export * from ${JSON.stringify(join(dist, `${entry}.js`))};`)];
      targets[name] = { most: budget[entry].brotli };
    }
    // This entry loads the module as a separate file.
    samples['undrop/slim'][0] += brotli(readFileSync(join(dist, 'undrop.wasm')));
    for (const [name, source] of Object.entries(PEERS)) samples[name] = [await shipped(source)];
    return [
      {
        title: 'what an application ships, minified and brotli',
        unit: 'B',
        relation: 'value',
        samples,
        targets,
      },
    ];
  },
};

const shipped = async (source) => {
  const stdin = { contents: source, resolveDir: inRoot('bench') };
  return brotli(Buffer.from((await bundle({ stdin })).code));
};
