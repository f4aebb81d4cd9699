// `npm start`: builds the package's client and runs the chat server with it, and with the switches that break a connection: it
// listens on loopback alone. `npm start -- --port 8080` passes arguments on.

import { buildClient } from './lib/build.mjs';
import { main, step } from './lib/log.mjs';
import { finished, run, start } from './lib/run.mjs';
import { forBuild, setUp } from './lib/setup.mjs';
import { chatProgram } from './lib/test-server.mjs';

await main(async (args) => {
  await setUp(forBuild);
  await buildClient();
  await step('Chat server', 'it serves the page and is what the page talks to', () =>
    run('cargo', ['build', '--release', '-p', 'undrop-chat']),
  );
  const server = start(chatProgram, ['--demo', ...args], { stdio: 'inherit' });
  // Ctrl-C reaches the server by itself, as it sits at the same terminal; wait for its end.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => server.kill('SIGTERM'));
  const { code, signal } = await finished(server, chatProgram);
  process.exitCode = signal ? 0 : code;
});
