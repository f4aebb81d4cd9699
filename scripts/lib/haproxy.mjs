// Sees to it that there is a HAProxy, and starts one.

import { lookOrInstall } from './browser-setup.mjs';
import { step } from './log.mjs';
import { findProxy, startProxy } from './proxy.mjs';

const findHaproxy = () => findProxy('haproxy');

export const ensureHaproxy = () =>
  step('HAProxy', 'clients reach their servers through it in the tests', async () => {
    await lookOrInstall(findHaproxy, ['haproxy']);
    return findHaproxy();
  });

/** As `startProxy` says. */
export const startHaproxy = (configuration, port) =>
  startProxy(
    {
      name: 'haproxy',
      program: findHaproxy(),
      // A master with workers, in the foreground.
      args: (_, file) => ['-W', '-db', '-q', '-f', file],
      reload: (child) => child.kill('SIGUSR2'),
    },
    configuration,
    port,
  );
