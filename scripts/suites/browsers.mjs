// The Rust tests that run in a real browser, by wasm-pack and WebDriver.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { chromiumArgs, findChromedriver, findChromium, findFirefox, findGeckodriver } from '../lib/browsers.mjs';
import { workspacePackages } from '../lib/cargo.mjs';
import { cache } from '../lib/paths.mjs';
import { run } from '../lib/run.mjs';
import { findWasmBindgen, findWasmPack } from '../lib/rust-tools.mjs';
import { startTestServer, usualPortIfFree } from '../lib/test-server.mjs';
import { failure, inTurn, rustTests } from './results.mjs';
import { wasmEnvironment, wasmTarget } from './wasm.mjs';

export const wasmInChrome = (lane) =>
  wasmTests(lane, 'chrome', ['--chrome', '--chromedriver', findChromedriver()], {
    'goog:chromeOptions': { binary: findChromium(), args: chromiumArgs() },
  });

export const wasmInFirefox = (lane) =>
  wasmTests(lane, 'firefox', ['--firefox', '--geckodriver', findGeckodriver()], {
    'moz:firefoxOptions': { binary: findFirefox(), args: ['-headless'], prefs: firefoxPreferences },
  });

const firefoxPreferences = {
  // Otherwise an attempt after a failed one at the same address is delayed by up to a minute.
  'network.websocket.delay-failed-reconnects': false,
  // Otherwise a service worker is ended when it has had no event for 30 s, and tests are none.
  'dom.serviceWorkers.idle_timeout': 600_000,
  // The runner's HTTP server (tiny_http 0.12) has four threads, each with one connection. When two connections come at
  // once and one thread is idle, the second is never answered, and a module that it asks for never arrives. With one each
  // for the page, for its worker's script and for its worker's modules there are never two for the last thread.
  'network.http.max-persistent-connections-per-server': 1,
};

/** What both browsers run, and the server that both talk to: each test has an id of its own on it. */
let server;

/** Starts the server and compiles the tests, so that no suite waits for the other's build. */
export async function prepareBrowserTests() {
  server = await startTestServer({ port: await usualPortIfFree() });
  const args = ['test', '--quiet', '-p', 'undrop', '--target', wasmTarget, '--no-run'];
  await run('cargo', args, { env: wasmEnvironment(server.url) });
}

export const stopBrowserTests = () => server?.stop();

async function wasmTests({ beside }, browser, args, capabilities) {
  const env = {
    ...wasmEnvironment(server.url, [dirname(findWasmBindgen())]),
    WASM_BINDGEN_TEST_WEBDRIVER_JSON: write(`webdriver-${browser}.json`, capabilities),
    // In seconds: for a test binary, and for a driver that starts on a machine with other things to do.
    WASM_BINDGEN_TEST_TIMEOUT: '300',
    WASM_BINDGEN_TEST_DRIVER_TIMEOUT: '60',
  };
  // The runner prefers a driver it is told of here to the one wasm-pack names.
  for (const driver of ['CHROMEDRIVER', 'GECKODRIVER', 'SAFARIDRIVER', 'MSEDGEDRIVER']) {
    delete env[driver];
    delete env[`${driver}_REMOTE`];
  }
  const command = ['test', '--headless', '--mode', 'no-install', ...args, '.'];
  const names = await browserTests();
  if (names.length === 0) return failure('Cargo.toml names no test in tests/browser');
  // One by one, because cargo would stop at the first that fails, and so that the other browser runs beside this one. The
  // unit tests of the library and the doc tests are the native run's.
  return inTurn(
    names.map((name) => () => beside(() => rustTests(browser, findWasmPack(), [...command, '--test', name], { env }))),
  );
}

/** The names of the tests that lie in `tests/browser`, as cargo knows them. */
async function browserTests() {
  const { targets } = (await workspacePackages()).find(({ name }) => name === 'undrop');
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
