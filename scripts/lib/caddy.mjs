// Sees to it that there is a Caddy, and starts one.

import { lookOrInstall } from './browser-setup.mjs';
import { versionOf } from './find.mjs';
import { step } from './log.mjs';
import { lastingPort } from './ports.mjs';
import { findProxy, startProxy } from './proxy.mjs';
import { run } from './run.mjs';

const findCaddy = () => findProxy('caddy');

export const ensureCaddy = () =>
  step('Caddy', 'clients reach their servers through it in the tests', async () => {
    await lookOrInstall(findCaddy, ['caddy']);
    return `${findCaddy()}, ${caddyVersion()}`;
  });

export const caddyVersion = () => versionOf(findCaddy(), ['version']);

/** As `startProxy` says. */
export async function startCaddy(configuration, port) {
  const admin = await lastingPort();
  const program = findCaddy();
  const from = (file) => ['--config', file, '--adapter', 'caddyfile'];
  return startProxy(
    {
      name: 'caddy',
      program,
      args: (_, file) => ['run', ...from(file)],
      // Otherwise it writes to the user's home, and listens on all addresses and on another port, for who comes by http:.
      env: (folder) => ({ XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder }),
      complete: (text) =>
        `{\n    admin 127.0.0.1:${admin}\n    auto_https disable_redirects\n    default_bind 127.0.0.1\n}\n${text}`,
      // Otherwise it would do nothing, as the configuration is the same.
      reload: (_, file) => run(program, ['reload', '--force', ...from(file)], { stdio: 'ignore' }),
    },
    configuration,
    port,
  );
}
