// The chat server as a process of its own, which can be killed and started again at the same address.

import { lastingPort } from '../../../scripts/lib/ports.mjs';
import { buildPrograms, chatProgram, startListening } from '../../../scripts/lib/test-server.mjs';

/** Builds and starts the server; `url` ends with a slash. */
export async function startChat() {
  await buildPrograms();
  const port = await lastingPort();
  let process = await launch(port);
  const { url } = process;
  return {
    url,
    /** Kills it as a crash would. */
    stop: () => process.kill(),
    /** Starts another one at the same address. */
    async start() {
      process = await launch(port);
    },
    /** Does both. */
    async restart() {
      await this.stop();
      await this.start();
    },
  };
}

async function launch(port) {
  const args = ['--port', String(port), '--demo'];
  const { url, child, gone } = await startListening(chatProgram, args, { pattern: /^undrop chat: (http:\S+)$/ });
  const kill = async () => {
    child.kill('SIGKILL');
    await gone;
  };
  return { url, kill };
}
