// `npm start`: builds the package and runs the chat server with it, and with the switches that injure a line: it is on this
// machine's own address alone. `npm start -- --port 8080` passes arguments on.

import { join } from 'node:path';
import { buildPackage } from './lib/build.mjs';
import { main, step } from './lib/log.mjs';
import { target } from './lib/paths.mjs';
import { finished, run, start } from './lib/run.mjs';
import { forBuild, setUp } from './lib/setup.mjs';

await main(async (args) => {
  await setUp(forBuild);
  await buildPackage();
  await step('Chat server', 'it serves the page and is what the page talks to', () =>
    run('cargo', ['build', '--release', '-p', 'undrop-chat']),
  );
  const program = join(target, 'release/undrop-chat');
  const server = start(program, ['--demo', ...args], { stdio: 'inherit' });
  // Ctrl-C reaches the server by itself, as it sits at the same terminal; wait for its farewell.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => server.kill('SIGTERM'));
  const { code, signal } = await finished(server, program);
  process.exitCode = signal ? 0 : code;
});
