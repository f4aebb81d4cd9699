// `npm run walk:leptos`: builds the page with Leptos of docs/rust.md in an empty folder, and drives it in Chromium. It is no part
// of `npm test`, since Leptos takes minutes to compile.

import { Failure, heading, main, step } from './lib/log.mjs';
import { setUp } from './lib/setup.mjs';

const HEADING = 'A page with Leptos';

await main(async () => {
  heading('set-up');
  await setUp(['wasm target', 'packages', 'wasm-bindgen', 'chromium']);
  // Only now are there the packages that these import.
  const { block, follow, serve, shows } = await import('../tests/docs/support/rust-walk.mjs');
  const { browsers } = await import('../tests/support/browsers.mjs');
  heading('docs/rust.md');
  let files;
  await step('Leptos', 'the page, and the same component for a server', async () => {
    files = await follow({
      files: {
        'Cargo.toml': block(HEADING, 'toml'),
        'src/lib.rs': block(HEADING, 'rust'),
        'index.html': block('A page', 'html'),
      },
      commands: block(HEADING, 'sh'),
      compiledIn: 'walk-leptos',
    });
  });
  const served = await serve({ files, route: '/echo?id=leptos' });
  const browser = await browsers.Chromium();
  try {
    await step('Chromium', 'connects, sends, receives, and leaves', async () => {
      await browser.goto(served.url);
      await shows(browser, 'open');
      await browser.page.click('text=Say hello');
      await shows(browser, 'hello');
      const lines = await browser.run(`() => [...document.querySelectorAll('li')].map((item) => item.textContent)`);
      if (lines.join() !== 'hello') throw new Failure(`the page shows the messages ${JSON.stringify(lines)}`);
      await browser.page.click('text=Leave');
      await shows(browser, 'you have left');
      // The component is gone, and with it the socket.
      while ((await served.stats('leptos')).open > 0);
    });
  } finally {
    await browser.quit();
    await served.stop();
  }
});
