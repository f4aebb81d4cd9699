// docs/rust.md as its reader would follow it: its very blocks are copied into an empty folder, its very commands build them
// there, and what has to be served is served.

import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { environment } from '../../../scripts/lib/find.mjs';
import { filesIn } from '../../../scripts/lib/fresh.mjs';
import { inRoot, target } from '../../../scripts/lib/paths.mjs';
import { run } from '../../../scripts/lib/run.mjs';
import { findWasmBindgen } from '../../../scripts/lib/rust-tools.mjs';
import { startTestServer } from '../../../scripts/lib/test-server.mjs';
import { startPageServer } from '../../support/page-server.mjs';
import { page } from './pages.mjs';

const { blocks } = page('docs/rust.md');

/** The block of this language below this heading. */
export function block(heading, language) {
  const found = blocks.filter((block) => block.heading === heading && block.language === language);
  assert.notEqual(found.length, 0, `docs/rust.md has no ${language} below ${heading}`);
  return found[0].code;
}

/** Makes a project of these files in an empty folder, and runs the commands there. Returns the files for the browser, by path. */
export async function follow({ files, commands, compiledIn }) {
  const folder = mkdtempSync(join(tmpdir(), 'undrop-rust-'));
  try {
    for (const [name, text] of Object.entries(files)) write(join(folder, name), text);
    // The crates are not on crates.io as they are here. With the versions of this Cargo.lock the command wasm-bindgen fits.
    const patch = Object.entries({ undrop: inRoot(), 'undrop-proto': inRoot('proto') })
      .map(([name, path]) => `${name} = { path = ${JSON.stringify(path)} }\n`)
      .join('');
    write(join(folder, '.cargo/config.toml'), `[patch.crates-io]\n${patch}`);
    cpSync(inRoot('Cargo.lock'), join(folder, 'Cargo.lock'));
    // What is compiled stays from one run to the next.
    const compiled = join(target, compiledIn);
    mkdirSync(compiled, { recursive: true });
    symlinkSync(compiled, join(folder, 'target'), 'junction');
    const env = environment([dirname(findWasmBindgen())]);
    delete env.CARGO_TARGET_DIR;
    for (const command of commands.trim().split('\n')) {
      const [program, ...args] = command.split(' ');
      await run(program, args, { cwd: folder, env });
    }
    const served = ['index.html', ...filesIn(join(folder, 'pkg')).map((path) => relative(folder, path))];
    return Object.fromEntries(served.map((name) => [name, readFileSync(join(folder, name))]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Serves these files below `/`. Where the page connects, the test server answers as it does at this route. */
export async function serve({ files, route, other }) {
  const server = await startTestServer();
  const served = Object.fromEntries(Object.entries(files).map(([name, text]) => [`/${name}`, text]));
  const pages = await startPageServer({ pages: served, upgrades: server.url, onward: () => route, other });
  return {
    url: `${pages.url}/index.html`,
    stats: async (id) => (await fetch(`${server.url.replace('ws', 'http')}/stats?id=${id}`)).json(),
    async stop() {
      await pages.stop();
      await server.stop();
    },
  };
}

/** Waits until the page shows this. */
export const shows = (browser, text) =>
  browser.run(
    `async (text) => {
      while (!document.body.innerText.includes(text))
        await new Promise((resolve) => {
          const seen = new MutationObserver(() => { seen.disconnect(); resolve(); });
          seen.observe(document.body, { childList: true, subtree: true, characterData: true });
        });
    }`,
    text,
  );

function write(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
