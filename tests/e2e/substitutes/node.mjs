// Calls a function of `exchange.js` in Node, over the class that Node has, and prints its result:
// `node node.mjs FUNCTION ENTRY URL`.

import { count, exchange, exchangeTyped, sendEarly } from './exchange.js';

const functions = { count, exchange, exchangeTyped, sendEarly };
const [name, entry, url] = process.argv.slice(2);
console.log(JSON.stringify(await functions[name](entry, url)));
