// The Rust tests that run in a real browser, by wasm-pack and WebDriver.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { chromiumArgs, findChromedriver, findChromium, findFirefox, findGeckodriver } from '../lib/browsers.mjs';
import { environment } from '../lib/find.mjs';
import { cache } from '../lib/paths.mjs';
import { ask } from '../lib/run.mjs';
import { findWasmBindgen, findWasmPack } from '../lib/rust-tools.mjs';
import { startTestServer, usualPortIfFree } from '../lib/test-server.mjs';
import { failure, rustTests, sum } from './results.mjs';

export const wasmInChrome = () =>
  wasmTests(['--chrome', '--chromedriver', findChromedriver()], {
    'goog:chromeOptions': { binary: findChromium(), args: chromiumArgs() },
  });

export const wasmInFirefox = () =>
  wasmTests(['--firefox', '--geckodriver', findGeckodriver()], {
    'moz:firefoxOptions': { binary: findFirefox(), args: ['-headless'] },
  });

async function wasmTests(browser, capabilities) {
  const server = await startTestServer({ port: await usualPortIfFree() });
  try {
    const env = environment([dirname(findWasmBindgen())], {
      UNDROP_TEST_SERVER: server.url,
      WASM_BINDGEN_TEST_WEBDRIVER_JSON: write('webdriver.json', capabilities),
      // In seconds: for a test binary, and for a driver that starts on a machine with other things to do.
      WASM_BINDGEN_TEST_TIMEOUT: '300',
      WASM_BINDGEN_TEST_DRIVER_TIMEOUT: '60',
    });
    // The runner prefers a driver it is told of here to the one wasm-pack names.
    for (const driver of ['CHROMEDRIVER', 'GECKODRIVER', 'SAFARIDRIVER', 'MSEDGEDRIVER']) {
      delete env[driver];
      delete env[`${driver}_REMOTE`];
    }
    const command = ['test', '--headless', '--mode', 'no-install', ...browser, '.'];
    // One by one, because cargo would stop at the first that fails. Doc tests are the native run's.
    const library = () => rustTests(findWasmPack(), [...command, '--lib'], { env });
    const files = (await browserTests()).map(
      (name) => () => rustTests(findWasmPack(), [...command, '--test', name], { env }),
    );
    return files.length > 0 ? await sum(library, ...files) : failure('Cargo.toml names no test in tests/browser');
  } finally {
    await server.stop();
  }
}

/** The names of the tests that lie in `tests/browser`, as cargo knows them. */
async function browserTests() {
  const metadata = JSON.parse(await ask('cargo', ['metadata', '--no-deps', '--format-version', '1']));
  const targets = metadata.packages.find(({ name }) => name === 'undrop').targets;
  return targets
    .filter(({ kind, src_path }) => kind.includes('test') && dirname(src_path).endsWith(join('tests', 'browser')))
    .map(({ name }) => name);
}

function write(name, content) {
  const path = join(cache, name);
  mkdirSync(cache, { recursive: true });
  writeFileSync(path, JSON.stringify(content, null, 2));
  return path;
}
