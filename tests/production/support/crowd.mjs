// The clients of clients.js in a process of its own. It does what its parent says, one word a message.

import { Undrop } from '../../support/client-in-node.mjs';
import { gather } from './clients.js';

const [url, count] = process.argv.slice(2);
const ask = gather(Undrop, url, Number(count));

process.on('message', async (command) => process.send({ result: await ask(command) }));
process.on('disconnect', () => process.exit());
