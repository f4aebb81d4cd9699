// The hostile clients of tools/attack.

/** What cargo is told, to run them. */
export const attack = (...options) => ['run', '--quiet', '--release', '-p', 'undrop-attack', '--', ...options];
