// What cargo says of the workspace.

import { ask } from './run.mjs';

/** The packages of the workspace, as `cargo metadata` describes them. */
export async function workspacePackages() {
  return JSON.parse(await ask('cargo', ['metadata', '--no-deps', '--format-version', '1'])).packages;
}
