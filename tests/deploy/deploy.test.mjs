// What an operator takes from deploy/, and what a server answers Prometheus, as Prometheus' own tool reads them.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { WebSocket } from 'ws';
import { inRoot } from '../../scripts/lib/paths.mjs';
import { findPromtool } from '../../scripts/lib/promtool.mjs';
import { startRedis } from '../../scripts/lib/redis.mjs';
import { nodeProgram, startListening } from '../../scripts/lib/test-server.mjs';

const rules = inRoot('deploy/prometheus/undrop.rules.yml');
const ruleTests = inRoot('deploy/prometheus/undrop.rules.test.yml');
const dashboard = JSON.parse(readFileSync(inRoot('deploy/grafana/undrop.json'), 'utf8'));

let redis;
let node;

before(async () => {
  redis = await startRedis();
  node = await startListening(nodeProgram, ['--redis', redis.url]);
});

after(async () => {
  node?.child.stdin.end();
  await node?.gone;
  await redis?.stop();
});

/** Runs promtool, and returns all that it prints. It says what it dislikes without a failure, too. */
function promtool(args, input) {
  const { status, stdout, stderr } = spawnSync(findPromtool(), args, { input, encoding: 'utf8' });
  return { status, text: `${stdout}${stderr}`.trim() };
}

const metrics = async () => (await fetch(`${node.url.replace('ws:', 'http:')}/metrics`)).text();

/** A session that sends a message and gets its answer. */
async function converse() {
  const socket = new WebSocket(`${node.url}/echo`, 'undrop.1');
  await once(socket, 'open');
  socket.send('\u0010new');
  const answered = new Promise((resolve) => {
    socket.on('message', (data) => data.toString() === 'hello' && resolve());
  });
  socket.send('hello');
  await answered;
  socket.close(1001);
  await once(socket, 'close');
}

test('promtool has nothing to say of the metrics of a node with two `Sessions`, before and after a conversation', async () => {
  assert.deepEqual(promtool(['check', 'metrics'], await metrics()), { status: 0, text: '' });
  await converse();
  const text = await metrics();
  assert.match(text, /^undrop_messages_received_total\{sessions="echo"\} 1$/m);
  assert.match(text, /^undrop_messages_received_total\{sessions="count"\} 0$/m);
  assert.match(text, /^undrop_connections_closed_total\{sessions="echo",by="client",code="1001"\} 1$/m);
  assert.deepEqual(promtool(['check', 'metrics'], text), { status: 0, text: '' });
});

test('each alert is a rule that promtool takes, and is made to fire by a test', () => {
  const checked = promtool(['check', 'rules', rules]);
  assert.equal(checked.status, 0, checked.text);
  const alerts = [...readFileSync(rules, 'utf8').matchAll(/- alert: (\w+)/g)].map(([, name]) => name);
  assert.match(checked.text, new RegExp(`SUCCESS: ${alerts.length} rules found`));
  const tested = [...readFileSync(ruleTests, 'utf8').matchAll(/- name: (\w+)/g)].map(([, name]) => name);
  assert.deepEqual(tested, alerts);
  const { status, text } = promtool(['test', 'rules', ruleTests]);
  assert.equal(status, 0, text);
});

/** The labels of each metric that the node has, and those that Prometheus adds. */
async function labels() {
  const found = new Map();
  for (const line of (await metrics()).split('\n').filter((line) => line.startsWith('undrop_'))) {
    const [name] = line.split(/[{ ]/, 1);
    const named = [...line.matchAll(/[{,](\w+)="/g)].map(([, label]) => label);
    found.set(name, new Set([...(found.get(name) ?? ['instance', 'job']), ...named]));
  }
  return found;
}

test('each query and each alert is of metrics that there are, by labels that they have', async () => {
  const known = await labels();
  const unknown = (expr) => {
    const selected = [...expr.matchAll(/(undrop_\w+)(?:\{([^}]*)\})?/g)].map(([, name, selector = '']) => ({
      name,
      by: [...selector.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"/g)].map(([, label]) => label),
    }));
    const grouped = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list]) => list.split(/,\s*/));
    assert.ok(selected.length > 0, expr);
    return selected.flatMap(({ name, by }) =>
      [...by, ...grouped].filter((label) => !known.get(name)?.has(label)).map((label) => `${name} by ${label}`),
    );
  };
  const shown = dashboard.panels.flatMap(({ targets = [] }) => targets);
  const alerts = [...readFileSync(rules, 'utf8').matchAll(/^ *expr: (.*)$/gm)].map(([, expr]) => expr);
  assert.deepEqual([...shown.map(({ expr }) => expr), ...alerts].flatMap(unknown), []);
  for (const { expr, legendFormat } of shown)
    for (const [, label] of legendFormat.matchAll(/\{\{(\w+)\}\}/g))
      assert.match(expr, new RegExp(`by \\([^)]*\\b${label}\\b`), legendFormat);
  for (const { query } of dashboard.templating.list.filter(({ type }) => type === 'query')) {
    const [, name, label] = query.query.match(/^label_values\((\w+), (\w+)\)$/);
    assert.ok(known.get(name)?.has(label), query.query);
  }
  assert.deepEqual(unknown('sum by (colour) (undrop_sessions{state="waiting", size="1"})'), [
    'undrop_sessions by size',
    'undrop_sessions by colour',
  ]);
  assert.deepEqual(unknown('undrop_nothing{instance="a"}'), ['undrop_nothing by instance']);
});

test('each query of the dashboard is one that Prometheus can parse, in a place of its own', () => {
  const panels = dashboard.panels.filter(({ type }) => type !== 'row');
  assert.ok(panels.length > 10);
  const ids = dashboard.panels.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  const queries = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
  // Each of them is a rule: promtool checks the syntax of those, and a variable of Grafana's may be any duration or pattern.
  const recorded = queries.map((query, at) => {
    const expr = query.replaceAll('$__rate_interval', '1m').replaceAll(/\$\w+/g, '.*');
    return `      - record: query:${at}\n        expr: ${JSON.stringify(expr)}\n`;
  });
  const folder = mkdtempSync(join(tmpdir(), 'undrop-queries-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'queries.yml');
  writeFileSync(file, `groups:\n  - name: queries\n    rules:\n${recorded.join('')}`);
  const { status, text } = promtool(['check', 'rules', file]);
  assert.equal(status, 0, text);
  assert.match(text, new RegExp(`SUCCESS: ${queries.length} rules found`));
  for (const [at, one] of panels.entries())
    for (const other of panels.slice(at + 1))
      assert.ok(!overlap(one.gridPos, other.gridPos), `${one.title}, ${other.title}`);
});

const overlap = (a, b) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
