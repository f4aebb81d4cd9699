// The chat server as a process of its own, which can be killed and started again at the same address.

import { createInterface } from 'node:readline';
import { finished, start } from '../../../scripts/lib/run.mjs';
import { buildPrograms, chatProgram } from '../../../scripts/lib/test-server.mjs';

/** Builds and starts the server; `url` ends with a slash. */
export async function startChat() {
  await buildPrograms();
  let process = await launch(0);
  const { url, port } = process;
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
  const child = start(chatProgram, ['--port', String(port), '--demo'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const gone = finished(child, chatProgram);
  const lines = createInterface({ input: child.stdout });
  const [line] = await new Promise((resolve) => {
    lines.once('line', (...found) => resolve(found)).once('close', () => resolve(['']));
  });
  const url = line.match(/^undrop chat: (http:\S+)$/)?.[1];
  if (!url) throw new Error(`${chatProgram} did not say where it listens, but: ${line}`);
  const kill = async () => {
    child.kill('SIGKILL');
    await gone;
  };
  return { url, port: Number(new URL(url).port), kill };
}
