// Calls a function of `exchange.js` in Node, over the class that Node has, and prints its result:
// `node node.mjs FUNCTION ENTRY URL`.

import * as exchanges from './exchange.js';

const [name, entry, url] = process.argv.slice(2);
console.log(JSON.stringify(await exchanges[name](entry, url)));
