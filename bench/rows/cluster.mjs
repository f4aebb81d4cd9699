// What nodes with one Redis do behind the nginx of docs/in-production.md, and one node without it. Everything shares the cores,
// so it is counted as well how much of them each program took.

import { readFileSync } from 'node:fs';
import { startRedis } from '../../scripts/lib/redis.mjs';
import { startNginxWithoutTls } from '../../tests/production/support/proxies.mjs';
import { startNode } from '../../tests/support/nodes.mjs';
import { startUnlimited } from '../lib/crowd.mjs';
import { inRounds, pick } from '../lib/rounds.mjs';
import { serverProgram } from '../lib/stage.mjs';

/** How many messages of a client are on their way at a time. */
const IN_FLIGHT = 4;

/** How many nodes there are, and whether nginx is in front of them. */
const clusters = {
  'direct, 1 node': { count: 1 },
  'nginx, 1 node': { count: 1, isBehindNginx: true },
  'nginx, 2 nodes': { count: 2, isBehindNginx: true },
  'nginx, 4 nodes': { count: 4, isBehindNginx: true },
};

export const cluster = {
  name: 'cluster',
  async run({ quick }) {
    const [clients, messages, plan] = quick
      ? [200, 50, { warmUp: 0, rounds: 1 }]
      : [1_000, 50, { warmUp: 0, rounds: 5 }];
    const names = Object.keys(clusters);
    const samples = await inRounds(names, plan, (name) => measure(clusters[name], clients, messages));
    const behindNginx = names.filter((name) => clusters[name].isBehindNginx);
    const figure = (title, field, among) => ({
      ...{ title, unit: '/s', relation: 'value' },
      samples: pick(samples, field, among),
    });
    const programs = { nodes: 'the nodes', redis: 'Redis', nginx: 'nginx' };
    return ['sessions begun', 'echoes'].flatMap((what) => [
      figure(`${what}, of ${clients} clients`, what),
      ...Object.entries(programs).map(([program, title]) =>
        figure(`${what}, by a core of ${title}`, `${what}, ${program}`, program === 'nginx' ? behindNginx : names),
      ),
    ]);
  },
};

/** What so many clients and their messages are a second, and a second of the cores' time of each program. */
async function measure({ count, isBehindNginx }, clients, messages) {
  const stops = [];
  try {
    const redis = await startRedis({ fsync: 'everysec' });
    stops.push(redis.stop);
    const options = isBehindNginx ? ['--proxies', '1'] : [];
    const nodes = await Promise.all(Array.from({ length: count }, () => startNode(redis.url, { options })));
    stops.push(...nodes.map((node) => () => node.end('SIGKILL')));
    const nginx = isBehindNginx && (await startNginxWithoutTls(nodes.map(({ url }) => new URL(url).host)));
    if (nginx) stops.push(nginx.stop);
    const programs = {
      nodes: nodes.map((node) => node.pid()),
      redis: [redis.pid()],
      ...(nginx && { nginx: [nginx.pid] }),
    };
    const { url } = nginx || nodes[0];
    const crowd = startUnlimited([serverProgram, 'steps', `${url}/echo`, clients, IN_FLIGHT, messages]);
    stops.push(crowd.stop);
    const result = {};
    const counted = (what, number, { seconds }, before) => {
      const after = coresTime(programs);
      result[what] = number / seconds;
      for (const program of Object.keys(programs))
        result[`${what}, ${program}`] = number / (after[program] - before[program]);
      return after;
    };
    const before = coresTime(programs);
    const begun = counted('sessions begun', clients, JSON.parse(await crowd.line()), before);
    counted('echoes', clients * messages, JSON.parse(await crowd.ask('go')), begun);
    return result;
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

/** The seconds of the cores' time that each of these programs has taken so far, by the ids of its processes. */
const coresTime = (programs) =>
  Object.fromEntries(
    Object.entries(programs).map(([name, ids]) => [name, ids.reduce((sum, id) => sum + processTime(id), 0)]),
  );

/** That of a process and its children, as nginx has workers. */
function processTime(id) {
  const children = readFileSync(`/proc/${id}/task/${id}/children`, 'utf8').split(' ').filter(Boolean);
  const [, fields] = readFileSync(`/proc/${id}/stat`, 'utf8').split(') ');
  const [user, system] = fields.split(' ').slice(11);
  // In clock ticks of 1/100 s: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
  return children.reduce((sum, child) => sum + processTime(child), (Number(user) + Number(system)) / 100);
}
