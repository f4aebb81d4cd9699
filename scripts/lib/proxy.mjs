// Finds and starts the proxies of the tests, each on loopback, without privileges, in a folder of its own.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environment, findAll } from './find.mjs';
import { Failure } from './log.mjs';
import { answers } from './ports.mjs';
import { finished, start } from './run.mjs';

/** The path of a program that Debian has in this package; it may lie where only root's PATH goes. */
export function findProxy(name, debianPackage = name) {
  const [program] = [...findAll(name), ...findAll(name, ['/usr/sbin', '/usr/local/sbin'])];
  if (!program) throw new Failure(`There is no ${name}. On Debian: apt-get install ${debianPackage}`);
  return program;
}

/**
 * Starts one with this configuration, which listens on `port`. `reload(configuration)` has it begin with another one as an
 * operator does, `stop()` ends it. Of the proxy, `args(folder, file)` are its arguments, `complete(text, folder)` makes what it
 * reads of a configuration, `env(folder)` are further variables of its environment, and `reload(child, file)` has it read that
 * again.
 */
export async function startProxy(proxy, configuration, port) {
  const { name, program, args, complete = (text) => text, env = () => ({}), reload } = proxy;
  const folder = await mkdtemp(join(tmpdir(), `undrop-${name}-`));
  const file = join(folder, `${name}.conf`);
  const write = (text) => writeFile(file, complete(text, folder));
  await write(configuration);
  const child = start(program, args(folder, file), { stdio: 'ignore', env: environment([], env(folder)) });
  const gone = finished(child, name);
  await answers(port, gone, name);
  return {
    pid: child.pid,
    async reload(text = configuration) {
      await write(text);
      await reload(child, file);
    },
    async stop() {
      child.kill('SIGTERM');
      await gone;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
