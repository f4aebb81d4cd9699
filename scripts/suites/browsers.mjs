// The Rust tests that run in a real browser, by wasm-pack and WebDriver.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { chromiumArgs, findChromedriver, findChromium, findFirefox, findGeckodriver } from '../lib/browsers.mjs';
import { environment } from '../lib/find.mjs';
import { cache } from '../lib/paths.mjs';
import { findWasmBindgen, findWasmPack } from '../lib/rust-tools.mjs';
import { startTestServer, usualPortIfFree } from '../lib/test-server.mjs';
import { rustTests } from './results.mjs';

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
    // Not the doc tests: those are the native run's.
    const which = ['--lib', '--test', '*'];
    return await rustTests(findWasmPack(), ['test', '--headless', '--mode', 'no-install', ...browser, '.', ...which], {
      env,
    });
  } finally {
    await server.stop();
  }
}

function write(name, content) {
  const path = join(cache, name);
  mkdirSync(cache, { recursive: true });
  writeFileSync(path, JSON.stringify(content, null, 2));
  return path;
}
