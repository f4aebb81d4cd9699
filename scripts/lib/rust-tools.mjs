// The Rust side of the set-up: the wasm target, and the tools that `cargo install` builds into the project.

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { atLeast, environment, findAll, searchPath, versionOf } from './find.mjs';
import { dim, Failure, step } from './log.mjs';
import { print } from './output.mjs';
import { cache, inRoot, tools } from './paths.mjs';
import { ask, run } from './run.mjs';

const toolsBin = join(tools, 'bin');
const wasmTarget = 'wasm32-unknown-unknown';

/** Each tool: the crate and version to install, and which one on the PATH serves as well. */
const wasmBindgen = () => {
  const version = lockedVersion('wasm-bindgen');
  const fits = (path) =>
    versionOf(path) === version &&
    findAll('wasm-bindgen-test-runner', [dirname(path)]).some((runner) => versionOf(runner) === version);
  return {
    name: 'wasm-bindgen',
    crate: 'wasm-bindgen-cli',
    version,
    fits,
    why: 'must be exactly the version in Cargo.lock',
    // What reads and writes modules: the tests are modules of megabytes, and this halves the time for each.
    optimized: ['walrus', 'wasmparser', 'wasm-encoder'],
  };
};
const wasmPack = () => ({
  name: 'wasm-pack',
  crate: 'wasm-pack',
  version: '0.15.1',
  fits: atLeastVersion('0.13.0'),
  why: 'runs the Rust tests in browsers',
});
const geckodriver = () => ({
  name: 'geckodriver',
  crate: 'geckodriver',
  version: '0.37.1',
  // https://firefox-source-docs.mozilla.org/testing/geckodriver/Support.html
  fits: atLeastVersion('0.35.0'),
  why: 'drives Firefox',
});
const cargoFuzz = () => ({
  name: 'cargo-fuzz',
  crate: 'cargo-fuzz',
  version: '0.13.2',
  fits: atLeastVersion('0.12.0'),
  why: 'turns any bytes on the session',
});

const cargoDeny = () => ({
  name: 'cargo-deny',
  crate: 'cargo-deny',
  version: '0.20.2',
  fits: atLeastVersion('0.19.0'),
  why: 'checks the licences and the sources of the crates, and asks for advisories',
});
// The program does nothing without its subcommand, not even say its version.
const mutantsVersion = ['mutants', '--version'];
const cargoMutants = () => ({
  name: 'cargo-mutants',
  crate: 'cargo-mutants',
  version: '27.1.0',
  fits: atLeastVersion('26.0.0', mutantsVersion),
  asked: mutantsVersion,
  why: 'breaks the protocol in all places, one after the other',
});

export const ensureWasmTarget = () =>
  step(`Rust target ${wasmTarget}`, 'the package is WebAssembly', async () => {
    // Asking the compiler instead of rustup serves those who have Rust from elsewhere.
    const library = (await ask('rustc', ['--print', 'target-libdir', '--target', wasmTarget]))?.trim();
    if (library === undefined) throw new Failure('rustc was not found: install Rust by https://rustup.rs');
    if (existsSync(library)) return 'is there';
    await run('rustup', ['target', 'add', wasmTarget]);
    return 'added by rustup';
  });

export const ensureRustComponents = () =>
  step('rustfmt and clippy', 'one form for all sources, and no warnings', async () => {
    // A toolchain of rustup's minimal profile lacks them.
    const missing = [];
    for (const [name, subcommand] of Object.entries({ rustfmt: 'fmt', clippy: 'clippy' })) {
      if ((await ask('cargo', [subcommand, '--version'])) === undefined) missing.push(name);
    }
    if (missing.length === 0) return 'are there';
    await run('rustup', ['component', 'add', ...missing]);
    return `${missing.join(' and ')} added by rustup`;
  });

export const ensureWasmBindgen = () => ensure(wasmBindgen());
export const ensureWasmPack = () => ensure(wasmPack());
export const ensureGeckodriver = () => ensure(geckodriver());
export const ensureCargoFuzz = () => ensure(cargoFuzz());
export const ensureCargoDeny = () => ensure(cargoDeny());
export const ensureCargoMutants = () => ensure(cargoMutants());

export const findWasmBindgen = () => find(wasmBindgen());
export const findWasmPack = () => find(wasmPack());
export const findGeckodriver = () => find(geckodriver());
export const findCargoFuzz = () => find(cargoFuzz());
export const findCargoDeny = () => find(cargoDeny());
export const findCargoMutants = () => find(cargoMutants());

function ensure(tool) {
  return step(`${tool.name} ${tool.version}`, tool.why, async () => {
    const found = locate(tool);
    if (found) return `${found}, ${versionOf(found, tool.asked)}`;
    print(dim('  No version that fits is on the PATH. Compiling it takes a minute or two on two cores, this once.'));
    await install(tool);
    return `installed ${find(tool)}`;
  });
}

function find(tool) {
  const found = locate(tool);
  if (!found) throw new Failure(`${tool.name} ${tool.version} is missing: \`npm run setup\` installs it`);
  return found;
}

const locate = (tool) => findAll(tool.name, searchPath([toolsBin])).find(tool.fits);

async function install({ crate, version, optimized = [] }) {
  const args = ['install', '--force', '--root', tools, crate, '--version', `=${version}`];
  for (const name of optimized) args.push('--config', `profile.release.package.${name}.opt-level=2`);
  // Tools that work for milliseconds are not worth the time that the optimizer takes.
  const env = environment([], {
    CARGO_PROFILE_RELEASE_OPT_LEVEL: '0',
    CARGO_PROFILE_RELEASE_DEBUG: '0',
    CARGO_PROFILE_RELEASE_LTO: 'off',
    CARGO_PROFILE_RELEASE_CODEGEN_UNITS: '256',
    // The tools share most of their dependencies: with one folder for all, each is compiled once.
    CARGO_TARGET_DIR: join(cache, 'tools-target'),
  });
  const options = { env };
  try {
    await run('cargo', [...args, '--locked'], options);
  } catch {
    print('  The versions this release was tested with are not all to be had here; trying the newest that fit.');
    await run('cargo', args, options);
  }
}

function lockedVersion(crate) {
  const lock = readFileSync(inRoot('Cargo.lock'), 'utf8').replaceAll('\r', '');
  const version = lock.match(new RegExp(`^name = "${crate}"\nversion = "(.+)"`, 'm'))?.[1];
  if (!version)
    throw new Failure(`Cargo.lock does not hold ${crate}: run \`cargo generate-lockfile\` and commit the result`);
  return version;
}

function atLeastVersion(least, asked) {
  return (path) => atLeast(versionOf(path, asked) ?? '0', least);
}
