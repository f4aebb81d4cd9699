// The contenders, and what each of them takes part in.

/**
 * `file` is in this folder. `kind` is the protocol of its server: the application's (`plain`), or one of its own. `binary` says
 * whether it can send bytes.
 */
export const contenders = {
  native: { file: 'native', kind: 'plain', binary: true },
  // The floor once more: the difference between the two is noise.
  'native again': { file: 'native', kind: 'plain', binary: true },
  undrop: { file: 'undrop', kind: 'plain', binary: true },
  'undrop, session': { file: 'undrop-session', kind: 'session', binary: true },
  // A session is compared with the first of these; the difference between the two is noise.
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

/**
 * Those whose server is in Node: its program and arguments, and what a client speaks that is no page. Their floor is the package ws.
 */
export const onNode = {
  'native, ws': { file: 'native', server: ['bench/node-server.mjs', 'ws'], speaks: [] },
  'native, ws again': { file: 'native', server: ['bench/node-server.mjs', 'ws'], speaks: [] },
  'undrop/server/node': {
    file: 'undrop-session',
    server: ['bench/node-server.mjs', 'undrop/server/node'],
    speaks: ['session'],
  },
  'undrop/server/ws': {
    file: 'undrop-session',
    server: ['bench/node-server.mjs', 'undrop/server/ws'],
    speaks: ['session'],
  },
  'socket.io': { file: 'socket.io', server: ['bench/socket.io-server.mjs'], speaks: ['socket.io'] },
};

export const FLOOR = 'native';
export const CONTROL = 'native again';
export const PLAIN = 'undrop';
export const SESSION = 'undrop, session';
export const SESSIONLESS = 'undrop, no session';
export const SESSIONLESS_CONTROL = 'undrop, no session again';
export const TYPED = 'undrop, on(type)';

export const WS = 'native, ws';
export const WS_CONTROL = 'native, ws again';
export const SESSION_ON_NODE = 'undrop/server/node';

const all = Object.keys(contenders);

/** The contenders that have a server here. */
export const connected = all.filter((name) => contenders[name].kind !== 'phoenix');
/** The contenders that are compared with the floor. */
export const besideFloor = all.filter((name) => name !== SESSIONLESS && name !== SESSIONLESS_CONTROL);
/** The contenders for comparing a session with the same client and server without one. */
export const besideSessionless = [SESSIONLESS, SESSIONLESS_CONTROL, SESSION];
/** The types of messages matter only when they are received. */
export const isUntyped = (name) => name !== TYPED;
