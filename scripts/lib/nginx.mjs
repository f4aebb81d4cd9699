// Sees to it that there is an nginx, and starts one.

import { lookOrInstall } from './browser-setup.mjs';
import { step } from './log.mjs';
import { findProxy, startProxy } from './proxy.mjs';

const findNginx = () => findProxy('nginx', 'nginx-light');

export const ensureNginx = () =>
  step('nginx', 'clients reach their servers through it in the tests', async () => {
    await lookOrInstall(findNginx, ['nginx-light', 'nginx']);
    return findNginx();
  });

/** As `startProxy` says. */
export const startNginx = (configuration, port) =>
  startProxy(
    {
      name: 'nginx',
      program: findNginx(),
      args: (folder, file) => [
        ...['-p', folder, '-c', file, '-e', `${folder}/error.log`],
        ...['-g', `daemon off; pid ${folder}/nginx.pid;`],
      ],
      complete: (text, folder) => text.replace(/^http \{$/m, `http { ${writableIn(folder)}`),
      reload: (child) => child.kill('SIGHUP'),
    },
    configuration,
    port,
  );

/** Where it would write otherwise is root's. */
function writableIn(folder) {
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return [...kinds.map((kind) => `${kind}_temp_path ${folder}/${kind};`), 'access_log off;'].join(' ');
}
