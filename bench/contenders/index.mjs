// Who takes part, and in what.

/**
 * `file` is in this folder. `kind` says which protocol it speaks: that of the application (`plain`), or one of its own.
 * `binary` says whether it can carry bytes. `feature` is what the server must have.
 */
export const contenders = {
  native: { file: 'native', kind: 'plain', binary: true },
  // The same once more: what its figures differ by from the floor's is noise.
  'native again': { file: 'native', kind: 'plain', binary: true },
  undrop: { file: 'undrop', kind: 'plain', binary: true },
  'undrop, session': { file: 'undrop-session', kind: 'session', binary: true, feature: 'session' },
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

/** Those that have a server here. */
export const connected = Object.keys(contenders).filter((name) => contenders[name].kind !== 'phoenix');
/** Those that take a synthetic socket: a session would have to be spoken by it too. */
export const synthetic = Object.keys(contenders).filter((name) => contenders[name].kind !== 'session');
