// The Rust tests that run in a real browser, by wasm-pack and WebDriver.

import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { chromiumArgs, findChromedriver, findChromium, findFirefox, findGeckodriver } from '../lib/browsers.mjs';
import { workspacePackages } from '../lib/cargo.mjs';
import { cache } from '../lib/paths.mjs';
import { lastingPort } from '../lib/ports.mjs';
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
  const port = await lastingPort();
  const env = {
    ...wasmEnvironment(server.url, [dirname(findWasmBindgen())]),
    WASM_BINDGEN_TEST_ADDRESS: `127.0.0.1:${port}`,
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
  const release = occupyThreads(port);
  try {
    // One by one, because cargo would stop at the first that fails, and so that the other browser runs beside this one. The
    // unit tests of the library and the doc tests are the native run's.
    return await inTurn(
      names.map(
        (name) => () => beside(() => rustTests(browser, findWasmPack(), [...command, '--test', name], { env })),
      ),
    );
  } finally {
    release();
  }
}

/**
 * Keeps a connection to each thread that the runner's HTTP server begins with, whenever there is a server on this port. It
 * (tiny_http 0.12) may never answer one of two connections that come at once when a single thread is idle: a module that
 * the tests import then never arrives. With no thread idle, it begins one for each connection.
 */
function occupyThreads(port) {
  const held = new Set();
  let isOver = false;
  const hold = () => {
    if (isOver) return;
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    held.add(socket);
    socket.on('close', () => {
      held.delete(socket);
      setTimeout(hold, 50);
    });
  };
  for (let thread = 0; thread < 4; thread++) hold();
  return () => {
    isOver = true;
    for (const socket of held) socket.destroy();
  };
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
