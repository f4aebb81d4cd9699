// Talks to an echoing server from Node, over the class that Node has: prints what arrived. `node node.mjs ENTRY URL`.

const [entry, url] = process.argv.slice(2);
const { Undrop } = await import(`../../../dist/${entry}.js`);

const socket = new Undrop(url);
const seen = [];
socket.onopen = ({ target }) => seen.push(['open', target === socket, socket.state]);
// One of them waits in the queue until the connection is open.
socket.send('queued');
socket.addEventListener('open', () => socket.send('sent'));
await new Promise((resolve) => {
  socket.addEventListener('message', ({ data, target }) => {
    seen.push(['message', target === socket, data]);
    if (seen.length === 3) resolve();
  });
});
console.log(JSON.stringify(seen));
// Node has no `CloseEvent` before version 23, so the connection is not closed but left.
process.exit();
