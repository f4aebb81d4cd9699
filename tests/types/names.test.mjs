// The names and the defaults that the types of the package have are those of the protocol, which has them in Rust.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { inRoot } from '../../scripts/lib/paths.mjs';

const read = (path) => readFileSync(inRoot(path), 'utf8');

/** The one match of a pattern in a file. */
function find(path, pattern) {
  const matches = [...read(path).matchAll(pattern)];
  assert.equal(matches.length, 1, `${pattern} is ${matches.length} times in ${path}`);
  return matches[0];
}

/** The names that `fn name` of an enum in Rust returns, by the variants. */
function namesInRust(path, name) {
  const [, body] = find(path, new RegExp(`^impl ${name} \\{\\n([\\s\\S]*?)\\n\\}`, 'gm'));
  const [, match] = body.match(/fn name\(self\)[\s\S]*?match self \{([\s\S]*?)\n {8}\}/);
  const names = [...match.matchAll(/(\w+)::(\w+) => "([\w-]+)"/g)].map(([, , variant, text]) => [variant, text]);
  const [, variants] = find(path, new RegExp(`^pub enum ${name} \\{\\n([\\s\\S]*?)\\n\\}`, 'gm'));
  assert.deepEqual(
    names.map(([variant]) => variant),
    [...variants.matchAll(/^ {4}(\w+),/gm)].map(([, variant]) => variant),
    `each variant of ${name} has a name`,
  );
  return Object.fromEntries(names);
}

/** The texts of a union in TypeScript. */
const textsOf = (union) => [...union.matchAll(/'([\w-]+)'/g)].map(([, text]) => text);
const unionOf = (path, type) => textsOf(find(path, new RegExp(`^export type ${type} =([^;]*);`, 'gm'))[1]);

/** The texts of a member's union in an interface of TypeScript. */
function memberOf(path, type, member) {
  const [, body] = find(path, new RegExp(`^export interface ${type} [^{]*\\{\\n([\\s\\S]*?)\\n\\}`, 'gm'));
  return textsOf(body.match(new RegExp(`^ {2}readonly ${member}\\??:([^;]*);`, 'm'))[1]);
}

const states = namesInRust('proto/src/output.rs', 'State');
const causes = namesInRust('proto/src/dropped.rs', 'Cause');
const outcomes = namesInRust('proto/src/outcome.rs', 'Outcome');

const same = (actual, expected) => assert.deepEqual([...actual].sort(), Object.values(expected).sort());

test('the states are those of the protocol', () => same(unionOf('npm/socket.ts', 'State'), states));

test('the causes of a drop are those of the protocol', () => same(unionOf('npm/options.ts', 'Cause'), causes));

test('each cause of a drop is documented', () => {
  const [, doc] = find('npm/options.ts', /^export interface Drop \{\n {2}\/\*\*([\s\S]*?)\*\//gm);
  same(
    [...doc.matchAll(/- `(\w+)`:/g)].map(([, name]) => name),
    causes,
  );
});

test('the outcomes of a message are those of the protocol', () => same(unionOf('npm/shell.ts', 'Outcome'), outcomes));

test('the causes of a lost event are the outcomes of messages that were not sent, or not acknowledged', () => {
  const { Sent, Delivered, Withdrawn, ...lost } = outcomes;
  same(memberOf('npm/events.ts', 'LostInSessionEvent', 'cause'), lost);
  const { Unsent, Unconfirmed, TooLarge, ...lostWithoutSession } = lost;
  same(memberOf('npm/events.ts', 'LostEvent', 'cause'), lostWithoutSession);
});

test('the causes of a DeliveryError are outcomes', () => {
  const { Unsent, Unconfirmed, Expired, TooLarge } = outcomes;
  same(memberOf('npm/sessions.ts', 'DeliveryError', 'cause'), { Unsent, Unconfirmed, Expired, TooLarge });
});

test('the reasons of a reset are those of the protocol', () => {
  same(memberOf('npm/options.ts', 'Reset', 'reason'), namesInRust('proto/src/session/roles.rs', 'Reset'));
});

/** The fields of `Default` in Rust: numbers, and the text of what is none. */
function defaultsInRust(path, name) {
  const [, fields] = find(path, new RegExp(`^impl Default for ${name} \\{[\\s\\S]*?Self \\{([^}]*)\\}`, 'gm'));
  const parse = (text) => {
    const number = text.match(/^([\d_]+)(?: << (\d+))?$/);
    return number ? Number(number[1].replaceAll('_', '')) * 2 ** Number(number[2] ?? 0) : text;
  };
  return Object.fromEntries(
    [...fields.matchAll(/(\w+): ([^,]+?)(?:,| ?$)/gm)].map(([, key, text]) => [key, parse(text)]),
  );
}

/** The `@default` of each member of an interface that has one: numbers, and the text of what is none. */
function defaultsInTypes(type, path = 'npm/options.ts') {
  const [, body] = find(path, new RegExp(`^export interface ${type}\\b[^{]*\\{\\n([\\s\\S]*?)\\n\\}`, 'gm'));
  const members = body.matchAll(/@default ([^\n]*)\n {3}\*\/\n {2}(\w+)\?/g);
  return Object.fromEntries([...members].map(([, text, name]) => [name, /^\d+$/.test(text) ? Number(text) : text]));
}

const retry = defaultsInRust('proto/src/backoff.rs', 'Retry');
const limits = defaultsInRust('proto/src/queue.rs', 'Limits');
const heartbeat = defaultsInRust('proto/src/heartbeat.rs', 'Heartbeat');
const bounds = defaultsInRust('proto/src/outbox.rs', 'Bounds');
const config = defaultsInRust('proto/src/config.rs', 'Config');

/** What the types say of a default that is no number. */
const WORDS = {
  'u32::MAX': 'no limit',
  None: 'for ever',
  'Overflow::Refuse': "'refuse'",
  'Lifetime::Unlimited': 'none',
};
const inWords = (value) => WORDS[value] ?? value;

test('the defaults of retry are those of the protocol', () => {
  const { limit, first, cap, reset_after } = retry;
  assert.deepEqual(defaultsInTypes('Retry'), { limit: inWords(limit), first, cap, resetAfter: reset_after });
});

test('the defaults of queue are those of the protocol', () => {
  const { messages, bytes, time_to_live, overflow } = limits;
  assert.deepEqual(defaultsInTypes('Queue'), {
    messages,
    bytes,
    timeToLive: inWords(time_to_live),
    overflow: inWords(overflow),
  });
});

test('the defaults of heartbeat are those of the protocol', () => {
  assert.deepEqual(defaultsInTypes('Heartbeat'), heartbeat);
});

test('the defaults of resume are those of the protocol', () => {
  assert.deepEqual(defaultsInTypes('Resume'), { limitMessages: bounds.messages, limitBytes: bounds.bytes });
});

test('the default timeouts are those of the protocol, and it reconnects and queues by default', () => {
  const { connect_timeout, close_timeout, policy, queue, lifetime } = config;
  assert.deepEqual([policy, queue], ['Policy::Retry(Retry::default())', 'Some(Limits::default())']);
  assert.deepEqual(defaultsInTypes('UndropOptions'), {
    lifetime: inWords(lifetime),
    retry: 'true',
    connectTimeout: connect_timeout,
    closeTimeout: close_timeout,
    queue: 'true with `retry`, `false` without',
  });
});

const numberIn = (path, pattern) => Number(find(path, pattern)[1].replaceAll('_', ''));
const requestTimeout = numberIn('src/messages/registry.js', /^const REQUEST_TIMEOUT = ([\d_]+);$/gm);

test('the default time limit of a request is that of the registry', () => {
  assert.deepEqual(defaultsInTypes('MessageOptions', 'npm/typing.ts'), { requestTimeout });
});

/** What the docs of a method in Rust say after `Default:`. */
function defaultInDocs(path, method) {
  const [, doc] = find(path, new RegExp(`((?:^ {4}///.*\\n)+)(?: {4}#.*\\n)* {4}pub fn ${method}\\b`, 'gm'));
  const [, text] = doc
    .replaceAll('///', ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .match(/Default: (.*?)\.(?: |$)/);
  return text;
}

test('the defaults that the options of Rust document are those of the protocol', () => {
  const seconds = (milliseconds) => `${milliseconds / 1_000} s`;
  const { interval, timeout } = heartbeat;
  const documented = {
    'retry.rs': {
      limit: inWords(retry.limit),
      first: seconds(retry.first),
      cap: seconds(retry.cap),
      reset_after: seconds(retry.reset_after),
    },
    'queue.rs': { messages: limits.messages.toLocaleString('en'), bytes: `${limits.bytes / 2 ** 20} MiB` },
    'resume.rs': {
      limit_messages: bounds.messages.toLocaleString('en'),
      limit_bytes: `${bounds.bytes / 2 ** 20} MiB`,
      heartbeat: `a ping after ${seconds(interval)}, with ${seconds(timeout)} for the answer`,
    },
    'options.rs': {
      connect_timeout: seconds(config.connect_timeout),
      close_timeout: seconds(config.close_timeout),
      request_timeout: seconds(requestTimeout),
    },
  };
  for (const [file, methods] of Object.entries(documented))
    for (const [method, expected] of Object.entries(methods))
      assert.equal(defaultInDocs(`src/rust/${file}`, method), expected, `${file}: ${method}`);
});

test('the streams of both languages hold as many messages, and pace their writers at as many bytes', () => {
  const held = numberIn('npm/streams.ts', /\blimit = ([\d_]+) \}/g);
  assert.equal(numberIn('src/rust/inbox.rs', /^const LIMIT: usize = ([\d_]+);$/gm), held);
  const [, power] = find('npm/streams.ts', /^const HIGH_WATER = 2 \*\* (\d+);$/gm);
  assert.equal(find('src/rust/writable.rs', /^const HIGH_WATER_MARK: u64 = 1 << (\d+);$/gm)[1], power);
});

/** The names of the options that an interface has. */
function optionsOf(type, path = 'npm/options.ts') {
  const [, body] = find(path, new RegExp(`^export interface ${type}\\b[^{]*\\{\\n([\\s\\S]*?)\\n\\}`, 'gm'));
  return [...body.matchAll(/^ {2}(\w+)\??:/gm)].map(([, name]) => name);
}

test('the options that are known when a name is warned of are those of the types', () => {
  const inRust = [...read('src/js/options.rs').matchAll(/\.(?:number|big_number|kind|is_second)\(\s*"([\w.]+)"/g)];
  const [, elsewhere] = find('src/js/values.js', /^const READ_ELSEWHERE = \[([^\]]*)\];/gm);
  const groups = { retry: 'Retry', queue: 'Queue', heartbeat: 'Heartbeat', resume: 'Resume' };
  const typed = [
    ...[optionsOf('UndropOptions'), 'resume', optionsOf('MessageOptions', 'npm/typing.ts')].flat(),
    ...Object.entries(groups).flatMap(([group, type]) => optionsOf(type).map((name) => `${group}.${name}`)),
  ];
  same([...new Set(inRust.map(([, name]) => name)), ...textsOf(elsewhere)], typed);
});
