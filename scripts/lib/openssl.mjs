// Sees to it that there is openssl, and makes certificates with it for the servers of the tests.

import { appendFile, copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lookOrInstall } from './browser-setup.mjs';
import { findAll, versionOf } from './find.mjs';
import { Failure, step } from './log.mjs';
import { ask } from './run.mjs';

export const ensureOpenssl = () =>
  step('openssl', 'makes certificates for the proxies of the tests', async () => {
    await lookOrInstall(findOpenssl, ['openssl']);
    return `${findOpenssl()}, ${versionOf(findOpenssl(), ['version'])}`;
  });

/**
 * Makes one for 127.0.0.1, which is its own authority, in this folder. Returns the paths of it, of its key, and of a file with
 * `both`.
 */
export async function makeCertificate(folder) {
  const [certificate, key, both] = ['certificate.pem', 'key.pem', 'both.pem'].map((name) => join(folder, name));
  const made = await ask(findOpenssl(), [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '7'],
    ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1', '-out', certificate, '-keyout', key],
  ]);
  if (made === undefined) throw new Failure(`${findOpenssl()} made no certificate`);
  await copyFile(certificate, both);
  await appendFile(both, await readFile(key));
  return { certificate, key, both };
}

function findOpenssl() {
  const [program] = findAll('openssl');
  if (!program) throw new Failure('There is no openssl. On Debian: apt-get install openssl');
  return program;
}
