// docs/rust.md, but for Leptos (`npm run walk:leptos`): its very blocks are built in an empty folder, and driven in a browser.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { inRoot } from '../../scripts/lib/paths.mjs';
import { browsers } from '../support/browsers.mjs';
import { page } from './support/pages.mjs';
import { block, follow, serve, shows } from './support/rust-walk.mjs';

/** A function that the page writes once. */
const show = block('A page', 'rust').match(/\nfn show[\s\S]*/)[0];

/** By heading: the server at `/room`, and what is shown one after the other. */
const scenes = {
  'A page': { route: '/echo', shown: ['connected', 'Ada: hello'] },
  'A fresh URL for each attempt': {
    route: '/close?code=4401',
    tokens: 1,
    shown: ['connected with chat', 'closed: signed out'],
  },
  'A token as the first message': { route: '/echo', shown: ['connected', 'hello'] },
  'Who holds the socket': { route: '/echo', shown: ['hello', 'bye', 'the socket is closed'] },
};
const leptos = 'A page with Leptos';

it('docs/rust.md: each block of code is built', () => {
  const headings = page('docs/rust.md')
    .blocks.filter(({ language }) => language === 'rust')
    .map(({ heading }) => heading);
  assert.deepEqual(headings.sort(), [...Object.keys(scenes), leptos].sort());
});

it('docs/rust.md names the repository that the crates name', () => {
  const [, repository] = readFileSync(inRoot('Cargo.toml'), 'utf8').match(/^repository = "(.*)"$/m);
  const lines = page('docs/rust.md').blocks.filter(
    ({ language, code }) => language === 'toml' && code.includes('git ='),
  );
  assert.deepEqual(
    lines.map(({ code }) => code.trim()),
    [`undrop = { git = "${repository}" }`],
  );
});

for (const [heading, { route, tokens = 0, shown }] of Object.entries(scenes)) {
  describe(`docs/rust.md: ${heading}`, () => {
    let files;
    before(async () => {
      const code = block(heading, 'rust');
      files = await follow({
        files: {
          'Cargo.toml': block('Cargo.toml', 'toml'),
          'src/lib.rs': code.includes('\nfn show') ? code : code + show,
          'index.html': block('A page', 'html'),
        },
        commands: block('A page', 'sh'),
        compiledIn: 'walk-rust',
      });
    });

    for (const [name, start] of Object.entries(browsers)) {
      describe(name, () => {
        let browser;
        let served;
        before(async () => {
          let left = tokens;
          const other = ({ url }, response) => {
            if (url !== '/token') response.writeHead(404).end();
            else if (left-- > 0) response.end('a token');
            else response.writeHead(401).end();
          };
          served = await serve({ files, route, other });
          browser = await start();
        });
        after(async () => {
          await browser?.quit();
          await served?.stop();
        });

        it(`shows ${shown.join(', ')}`, { timeout: 60_000 }, async () => {
          await browser.goto(served.url);
          for (const text of shown) await shows(browser, text);
          const lines = await browser.run(`() => document.body.innerText.trim().split('\\n')`);
          assert.deepEqual(lines, shown);
        });
      });
    }
  });
}
