// Who takes part, and in what.

/**
 * `file` is in this folder. `kind` says which protocol it speaks: that of the application (`plain`), or one of its own.
 * `binary` says whether it can carry bytes.
 */
export const contenders = {
  native: { file: 'native', kind: 'plain', binary: true },
  // The same once more: what its figures differ by from the floor's is noise.
  'native again': { file: 'native', kind: 'plain', binary: true },
  undrop: { file: 'undrop', kind: 'plain', binary: true },
  'undrop, session': { file: 'undrop-session', kind: 'session', binary: true },
  // What the figures of a session are compared with, and the noise of that.
  'undrop, no session': { file: 'undrop-no-session', kind: 'session', binary: true },
  'undrop, no session again': { file: 'undrop-no-session', kind: 'session', binary: true },
  'undrop, on(type)': { file: 'undrop-on', kind: 'plain', binary: false },
  'reconnecting-websocket': { file: 'reconnecting-websocket', kind: 'plain', binary: true },
  partysocket: { file: 'partysocket', kind: 'plain', binary: true },
  'websocket-ts': { file: 'websocket-ts', kind: 'plain', binary: true },
  rxjs: { file: 'rxjs', kind: 'plain', binary: true },
  'socket.io': { file: 'socket.io', kind: 'socket.io', binary: true },
  centrifuge: { file: 'centrifuge', kind: 'centrifuge', binary: false },
  phoenix: { file: 'phoenix', kind: 'phoenix', binary: false },
};

export const FLOOR = 'native';
export const CONTROL = 'native again';
export const PLAIN = 'undrop';
export const SESSION = 'undrop, session';
export const SESSIONLESS = 'undrop, no session';
export const SESSIONLESS_CONTROL = 'undrop, no session again';
export const TYPED = 'undrop, on(type)';

const all = Object.keys(contenders);

/** Those that have a server here. */
export const connected = all.filter((name) => contenders[name].kind !== 'phoenix');
/** Those that are compared with the floor. */
export const besideFloor = all.filter((name) => name !== SESSIONLESS && name !== SESSIONLESS_CONTROL);
/** Those by which a session is compared with the same client and the same server without one. */
export const besideSessionless = [SESSIONLESS, SESSIONLESS_CONTROL, SESSION];
/** Messages have types only once they arrive. */
export const isUntyped = (name) => name !== TYPED;
