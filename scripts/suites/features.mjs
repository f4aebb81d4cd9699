// Every combination of features of every published crate compiles, and so does --all-features. The crates and their
// features are those that cargo names.

import { workspacePackages } from '../lib/cargo.mjs';
import { check, failure } from './results.mjs';
import { wasmTarget } from './wasm.mjs';

const native = [];
const wasm = ['--target', wasmTarget];
const targetsOf = { undrop: [native, wasm], 'undrop-proto': [native, wasm], 'undrop-server': [native] };

/** What is for a build of ours, and checked with that. */
const own = { 'undrop-server': ['js'] };

/** One check for each crate, target and combination. */
export async function featureChecks() {
  // Only a crate without `publish = false` has users who choose its features.
  const crates = (await workspacePackages()).filter(({ publish }) => publish === null);
  return crates.flatMap(({ name, features }) => {
    const targets = targetsOf[name];
    if (!targets) return [() => failure(`scripts/suites/features.mjs does not say for which targets ${name} is`)];
    return targets.flatMap((target) =>
      combinations(features, own[name]).map((combination) => () => {
        const shown = combination ? combination.join() || 'none' : 'all';
        const which = combination ? ['--no-default-features', '--features', combination.join()] : ['--all-features'];
        return check(`features of ${name}${target === wasm ? ', wasm' : ''}: ${shown}`, 'cargo', [
          ...['check', '--quiet', '-p', name, '--lib'],
          ...target,
          ...which,
        ]);
      }),
    );
  });
}

/**
 * Each set of features, without some, that differs from all others once what its features imply is in it; undefined for all
 * features.
 */
export function combinations(features, without = []) {
  const names = Object.keys(features).filter((name) => name !== 'default' && !without.includes(name));
  const found = new Map();
  for (let bits = 0; bits < 2 ** names.length; bits++) {
    const all = closure(
      names.filter((_, index) => bits & (1 << index)),
      features,
    );
    found.set(all.join(), all.length === names.length ? undefined : all);
  }
  return [...found.values()];
}

/** These features and what they imply. */
function closure(chosen, features) {
  const all = new Set(chosen);
  // A set may grow while it is gone through. What is no name of a feature is about a dependency.
  for (const name of all) for (const implied of features[name]) if (implied in features) all.add(implied);
  return [...all].sort();
}
