#!/usr/bin/env node
// `undrop check URL`: finds out whether a server in any language speaks the protocol of docs/protocol.md.

import { parseArgs } from 'node:util';
import { version } from '../../package.json';
import { checks } from './checks.js';
import { type Check, Kit, type Options, Skipped, Wrong } from './kit.js';
import { type Rule, rules } from './rules.js';
import { NoConnection } from './websocket.js';

const DOCUMENT = 'https://github.com/undrop/undrop/blob/main/docs/protocol.md';

const HELP = `Usage: undrop check URL [options]

Plays a client that knows the session protocol, and every way to break it, against a server that sends each message back, and
says what is wrong and where ${DOCUMENT} says so.

Options:
  --header 'NAME: VALUE'    a header of each request, such as a cookie; may be given several times
  --other 'NAME: VALUE'     the same for another user, who must not get the sessions of the first
  --protocol NAME           the app's own subprotocol, for a server that has one
  --only NAME               one check; may be given several times
  --slow                    also those that take long, or send much
  --timeout MS              how long an answer is waited for; default: 5000
  --seed N                  where the connections of the check "cuts" break; default: 1
  --json                    prints the results as JSON
  --list                    prints the checks, and what the protocol's rules are
  --version                 prints the version of the package
  --help                    prints this

The server under test must send each message back as it was, text or binary, in order. The exit code is 0 if nothing is wrong,
1 if something is, and 2 if nothing could be checked.
`;

interface Result {
  name: string;
  says: string;
  result: 'ok' | 'wrong' | 'skipped';
  /** Why it was skipped. */
  why?: string;
  must?: string;
  came?: string;
  rule?: string;
  link?: string;
  transcript?: string[];
}

/** How many of the last lines that were said are shown of a check that found something. */
const SHOWN = 12;

class UsageError extends Error {}

interface Command {
  options: Options;
  chosen: Check[];
  isJson: boolean;
}

try {
  const command = understood(process.argv.slice(2));
  if (command) process.exitCode = (await checked(command)) ? 0 : 1;
} catch (error) {
  const isUsage = error instanceof UsageError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS');
  console.error(isUsage ? `undrop: ${(error as Error).message}\n\n${HELP}` : `undrop: ${(error as Error).message}`);
  process.exitCode = 2;
}

/** The command that was given; undefined if it is answered. */
function understood(args: string[]): Command | undefined {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      header: { type: 'string', multiple: true, default: [] },
      other: { type: 'string', multiple: true, default: [] },
      protocol: { type: 'string' },
      only: { type: 'string', multiple: true, default: [] },
      slow: { type: 'boolean', default: false },
      timeout: { type: 'string', default: '5000' },
      seed: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      version: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP.trimEnd());
    return undefined;
  }
  if (values.version) {
    console.log(version);
    return undefined;
  }
  if (values.list) {
    list(values.json);
    return undefined;
  }
  const [command, address, ...more] = positionals;
  if (command !== 'check') throw new UsageError(`there is no command ${command ?? 'given'}, but: check`);
  if (address === undefined) throw new UsageError('check needs the URL of a server, such as ws://127.0.0.1:8080/room');
  if (more.length > 0) throw new UsageError(`check takes one URL, and not ${more.join(' ')} as well`);
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (!url || !['ws:', 'wss:'].includes(url.protocol))
    throw new UsageError(`${address} is no URL of a WebSocket: it begins with ws:// or wss://`);
  for (const name of values.only)
    if (!checks.some((check) => check.name === name))
      throw new UsageError(`there is no check ${JSON.stringify(name)}; --list prints those that there are`);
  const options = {
    url,
    headers: values.header.map(header),
    otherHeaders: values.other.map(header),
    protocol: values.protocol,
    timeout: count('timeout', values.timeout),
    quiet: Math.min(500, count('timeout', values.timeout)),
    seed: count('seed', values.seed),
    isSlow: values.slow,
  };
  const chosen = checks.filter(({ name }) => values.only.length === 0 || values.only.includes(name));
  return { options, chosen, isJson: values.json };
}

function header(text: string): [string, string] {
  const [, name, value] = /^([^\s:]+):\s*([^\r\n]*)$/.exec(text) ?? [];
  if (name === undefined || value === undefined)
    throw new UsageError(`${JSON.stringify(text)} is no header: it is NAME: VALUE`);
  return [name, value];
}

function count(option: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`--${option} is a number, and not ${text}`);
  return Number(text);
}

/** Runs the checks one after the other, prints each, and returns whether nothing is wrong. */
async function checked({ options, chosen, isJson }: Command): Promise<boolean> {
  const results: Result[] = [];
  const width = Math.max(...chosen.map(({ name }) => name.length));
  let broken: string | undefined;
  for (const check of chosen) {
    const result: Result =
      broken === undefined
        ? await run(check, options)
        : { name: check.name, says: check.says, result: 'skipped', why: `it needs ${broken}` };
    if (result.result === 'wrong' && check.isNeededByAll) broken = check.name;
    results.push(result);
    if (!isJson) console.log(lines(result, width).join('\n'));
  }
  const sum = (kind: Result['result']) => results.filter(({ result }) => result === kind).length;
  if (isJson) console.log(JSON.stringify(results, null, 2));
  else console.log(`\n${sum('ok')} ok, ${sum('wrong')} wrong, ${sum('skipped')} skipped`);
  return sum('wrong') === 0;
}

async function run(check: Check, options: Options): Promise<Result> {
  const kit = new Kit(options);
  const { name, says } = check;
  try {
    await check.run(kit);
    return { name, says, result: 'ok' };
  } catch (error) {
    if (error instanceof Skipped) return { name, says, result: 'skipped', why: error.message };
    const complaint = complaintOf(error, check);
    return {
      name,
      says,
      result: 'wrong',
      must: kit.hide(complaint.must),
      came: kit.hide(complaint.came),
      rule: complaint.rule.words,
      link: linkTo(complaint.rule),
      transcript: kit.transcript.slice(-SHOWN),
    };
  } finally {
    kit.finish();
  }
}

/** A server to which nobody can connect from some check on has not survived the one before. */
function complaintOf(error: unknown, check: Check): Wrong {
  if (error instanceof Wrong) return error;
  if (!(error instanceof NoConnection) || check === checks[0]) throw error;
  return new Wrong(rules.selects, 'a connection, as before', error.message);
}

function linkTo({ anchor }: Rule): string {
  return `${DOCUMENT}#${anchor}`;
}

function lines(result: Result, width: number): string[] {
  const first = `${result.result.padEnd(8)}${result.name.padEnd(width)}  ${result.why ?? result.says}`;
  if (result.result !== 'wrong') return [first];
  const details = [
    ...(result.transcript ?? []),
    `came:  ${result.came}`,
    `must:  ${result.must}`,
    `since: ${result.rule}`,
    `       ${result.link}`,
  ];
  return [first, ...details.map((line) => `          ${line}`)];
}

function list(isJson: boolean) {
  const all = checks.map(({ name, says }) => ({ name, says }));
  if (isJson) return console.log(JSON.stringify({ checks: all, rules: Object.values(rules) }, null, 2));
  const width = Math.max(...all.map(({ name }) => name.length));
  for (const { name, says } of all) console.log(`${name.padEnd(width)}  ${says}`);
}
