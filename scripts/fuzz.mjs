// `npm run fuzz`: any bytes against the decoder and both ends of a session, for half a minute each, beginning with the
// vectors and with proto/fuzz/seeds. `npm run fuzz -- 600`: for so many seconds each. `npm run fuzz -- 600 keep`: and what
// reached new code becomes proto/fuzz/seeds, an input a line, in hexadecimal digits. What breaks something is in
// proto/fuzz/artifacts; once understood, it belongs into proto/fuzz/regressions. The tests replay both.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { environment } from './lib/find.mjs';
import { filesIn } from './lib/fresh.mjs';
import { Failure, heading, main } from './lib/log.mjs';
import { inRoot, target } from './lib/paths.mjs';
import { run } from './lib/run.mjs';
import { ensureCargoFuzz, findCargoFuzz } from './lib/rust-tools.mjs';

await main(async ([seconds = '30', keep]) => {
  if (!/^\d+$/.test(seconds) || (keep !== undefined && keep !== 'keep'))
    throw new Failure('npm run fuzz needs a number of seconds: npm run fuzz -- 30');
  await ensureCargoFuzz();
  // The sanitizers are unstable, and there in every toolchain: no other one is needed for them.
  const env = environment([dirname(findCargoFuzz())], { RUSTC_BOOTSTRAP: '1' });
  const vectors = JSON.parse(readFileSync(inRoot('proto/vectors/undrop.1.json'), 'utf8'));
  for (const [name, seeds] of Object.entries({ decode: frames(vectors), frames: conversations(vectors) })) {
    heading(`fuzz: ${name}, ${seconds} s`);
    const corpus = inRoot('proto/fuzz/corpus', name);
    mkdirSync(corpus, { recursive: true });
    const kept = inRoot('proto/fuzz/seeds', `${name}.txt`);
    for (const [index, bytes] of [...seeds, ...read(kept)].entries())
      writeFileSync(join(corpus, `seed-${index}`), bytes);
    const options = [
      `-max_total_time=${seconds}`,
      '-max_len=512',
      '-timeout=5',
      '-print_final_stats=1',
      '-verbosity=0',
    ];
    const directories = ['--fuzz-dir', inRoot('proto/fuzz'), '--target-dir', join(target, 'fuzz')];
    await run('cargo', ['fuzz', 'run', ...directories, name, '--', ...options], { env });
    if (keep === undefined) continue;
    // Which code is reached, not how often: that is a fifth of the inputs.
    await run('cargo', ['fuzz', 'cmin', ...directories, name, '--', '-use_counters=0'], { env });
    const lines = filesIn(corpus).map((path) => `${readFileSync(path).toString('hex')}\n`);
    writeFileSync(kept, lines.sort().join(''));
  }
});

/** The inputs of a file, one a line. */
function read(path) {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => Buffer.from(line, 'hex'));
}

/** Each frame of the vectors, as the target `decode` reads it. */
function frames({ frames: { valid, invalid }, escaping }) {
  return [...valid, ...invalid, ...escaping].map(({ frame }) => Buffer.from(frame));
}

/** Each conversation of the vectors, as the target `frames` reads it: see proto/tests/simulation/attack.rs. */
function conversations(vectors) {
  return vectors.conversations.map(({ steps }) => Buffer.concat(steps.map((step) => Buffer.from(bytes(step)))));
}

function bytes({ opens, frame, from, lost, late, forged, arrives, lostBy, end, sends, ends, restarts, at }) {
  const client = (from ?? end) === 'client';
  if (opens) return [12];
  if (at) return [13, Math.min(255, at / 10)];
  if (forged || arrives) return text(client ? 0 : 1, arrives ?? frame);
  if (frame !== undefined && !lost && !late) return client ? [4, 8, 255] : [5, 9, 255];
  if (lostBy) return lostBy.map((name) => (name === 'client' ? 11 : 10));
  if (sends !== undefined) return [client ? 7 : 6, 10, 0];
  if (ends) return [client ? 0x0e : 0x1e];
  if (restarts) return [0x4e];
  return [];
}

function text(what, frame) {
  const encoded = Buffer.from(typeof frame === 'string' ? frame : '');
  return [what, encoded.length, ...encoded];
}
