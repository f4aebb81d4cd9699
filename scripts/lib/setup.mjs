// The set-up by name, so that each command makes exactly what it needs, and nothing twice.

import { ensureChromium, ensureFirefox } from './browser-setup.mjs';
import { buildPackage } from './build.mjs';
import { ensureCaddy } from './caddy.mjs';
import { ensureHaproxy } from './haproxy.mjs';
import { ensureNginx } from './nginx.mjs';
import { ensureOpenssl } from './openssl.mjs';
import { ensureNodes, ensurePackages } from './packages.mjs';
import { ensurePromtool } from './promtool.mjs';
import { ensureRedis } from './redis.mjs';
import {
  ensureCargoDeny,
  ensureGeckodriver,
  ensureRustComponents,
  ensureWasmBindgen,
  ensureWasmPack,
  ensureWasmTarget,
} from './rust-tools.mjs';

export const parts = {
  'wasm target': ensureWasmTarget,
  'rust components': ensureRustComponents,
  packages: ensurePackages,
  nodes: ensureNodes,
  'wasm-bindgen': ensureWasmBindgen,
  'wasm-pack': ensureWasmPack,
  geckodriver: ensureGeckodriver,
  'cargo-deny': ensureCargoDeny,
  chromium: ensureChromium,
  firefox: ensureFirefox,
  'redis-server': ensureRedis,
  nginx: ensureNginx,
  haproxy: ensureHaproxy,
  caddy: ensureCaddy,
  openssl: ensureOpenssl,
  promtool: ensurePromtool,
};

export const forBuild = ['wasm target', 'packages', 'wasm-bindgen'];

export async function setUp(names) {
  for (const name of names) await parts[name]();
}

/** What each command does first that works with the package; `more` names what else it needs. */
export async function setUpAndBuild(...more) {
  await setUp([...forBuild, ...more]);
  await buildPackage();
}
