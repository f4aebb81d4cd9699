// The registry of typed messages: finds the handlers of each message that arrives, and puts each message that is sent
// into its envelope. The TypeScript and the Rust client both use it.
//
// It must stay one plain ES module without imports: wasm-bindgen ships it as a snippet and does not copy what a snippet
// imports. Its types are JSDoc; `tsc` checks them and generates the declarations.

/**
 * What the registry needs of its socket.
 *
 * @typedef {object} RegistrySocket
 * @property {Post} post
 * @property {(complaint: Complaint) => void} invalid Called for each invalid message.
 * @property {(active: boolean) => void} listen Called when `receive` has to be called from now on, or no longer has to.
 * @property {(outcome: string) => string} describe Returns what became of a message that was not sent, as a clause:
 *   `it waited longer than its time to live`.
 * @property {(name: string, message: string) => DOMException} exception
 */

/**
 * Sends a frame. With `settle`, the socket calls that with the outcome, perhaps before `post` returns, and reports it to
 * nobody else.
 *
 * @callback Post
 * @param {Frame} frame
 * @param {(outcome: string) => void} [settle]
 * @returns {(() => void) | undefined} Withdraws the message, and does nothing if that is too late; undefined if the
 *   message has left.
 */

/** @typedef {string | ArrayBufferLike | ArrayBufferView | Blob} Frame */

/**
 * A message that could not be read or sent. Each of its issues is one thing that is wrong with it.
 *
 * @typedef {object} Complaint
 * @property {unknown} data
 * @property {'parse' | 'envelope' | 'schema' | 'outgoing'} reason
 * @property {string | undefined} messageType
 * @property {readonly Issue[]} issues
 */

/** @typedef {{ readonly message: string, readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined }} Issue */

/**
 * Options are checked when they are read, whatever their static type is.
 *
 * @typedef {object} FormatOptions
 * @property {Envelope | undefined} [envelope]
 * @property {{ encode(message: unknown): Frame, decode(data: any): unknown } | undefined} [codec]
 * @property {{ incoming?: object | undefined, outgoing?: object | undefined, replies?: object | undefined } | undefined} [schemas]
 */

/**
 * `requestTimeout` is milliseconds, for requests that have no timeout of their own. Default: 30,000.
 *
 * @typedef {FormatOptions & { requestTimeout?: number | undefined }} RegistryOptions
 */

/** @typedef {{ once?: boolean | undefined, signal?: AbortSignal | undefined }} ListenOptions */

/** @typedef {{ timeout?: number | undefined, signal?: AbortSignal | undefined }} WaitOptions */

/** @typedef {(data: any, type: any) => unknown} Handler */

/** @typedef {(value: any) => void} Settle */

/** @typedef {{ handler: Handler | undefined, once: boolean, undo: () => void }} Entry */

/** @typedef {{ type: string, resolve: Settle, reject: Settle, hasLeft: boolean }} Request */

/** @typedef {{ '~standard': { validate(value: unknown): any } }} Schema */

/** @typedef {{ issues?: readonly Issue[], value?: unknown }} Validation */

/** For how many milliseconds a request waits for its reply. */
const REQUEST_TIMEOUT = 30_000;

/** The type whose handlers are called for every message. */
const EVERY_TYPE = '*';

export class Registry {
  /** The number of messages that nobody listened for. */
  unhandled = 0;
  /** The number of invalid messages, in either direction. */
  invalid = 0;
  #format;
  #requestTimeout;
  #socket;
  /** How many handlers, answers and requests need `receive` to be called. */
  #listeners = 0;
  /**
   * The entries of each type. A list is replaced, never changed, so that a message that is being delivered keeps to the
   * list that it started with.
   *
   * @type {Map<string, readonly Entry[]>}
   */
  #lists = new Map();
  /**
   * What to call for each type. A handler that is the only one of its type is called directly: with thousands of types,
   * each object on the way to it costs a cache miss.
   *
   * @type {Map<unknown, Handler>}
   */
  #handlers = new Map();
  /**
   * The handler of all types. It is not in the map, where a message with the type `*` would find it.
   *
   * @type {Handler | undefined}
   */
  #all;
  /** @type {Map<unknown, Handler>} */
  #answers = new Map();
  /** @type {Map<unknown, Request>} */
  #requests = new Map();
  #lastId = 0;
  /** @type {Set<() => void>} */
  #ends = new Set();
  /**
   * What withdraws each reply that has not left.
   *
   * @type {Set<() => void>}
   */
  #waitingReplies = new Set();
  /** The number of the connection. A reply must not go to a later connection, whose requests have ids of their own. */
  #connection = 0;
  /**
   * What arrived after a message whose schema is asynchronous, until that has been delivered.
   *
   * @type {(() => void)[] | undefined}
   */
  #held;
  /**
   * Settles when all that was sent so far has passed its schemas.
   *
   * @type {Promise<void> | undefined}
   */
  #vetting;

  /**
   * @param {RegistryOptions} options
   * @param {RegistrySocket} socket
   * @throws {TypeError} If an option is invalid.
   */
  constructor({ requestTimeout = REQUEST_TIMEOUT, ...format }, socket) {
    this.#format = parseFormat(format);
    checkTimeout('requestTimeout', requestTimeout);
    this.#requestTimeout = requestTimeout;
    this.#socket = socket;
  }

  /**
   * Calls the handler for each message of the type: `*` stands for all types, `binary` for frames that are not text.
   *
   * @param {string} type
   * @param {Handler} handler
   * @param {ListenOptions} [options]
   * @returns {() => void} Removes the handler.
   */
  on(type, handler, { once = false, signal } = {}) {
    checkFunction('on', handler);
    if (signal?.aborted) return () => {};
    /** @type {Entry} */
    const entry = {
      handler,
      once,
      undo: () => {
        if (!entry.handler) return;
        // A message that is being delivered skips the entry.
        entry.handler = undefined;
        this.#setList(
          type,
          this.#list(type).filter((one) => one !== entry),
        );
        this.#addListeners(-1);
        signal?.removeEventListener('abort', entry.undo);
      },
    };
    this.#setList(type, [...this.#list(type), entry]);
    this.#addListeners(1);
    signal?.addEventListener('abort', entry.undo);
    return entry.undo;
  }

  /**
   * @param {string} type
   * @param {Handler} handler
   */
  off(type, handler) {
    for (const entry of this.#list(type)) if (entry.handler === handler) entry.undo();
  }

  /**
   * @param {string} type
   * @param {WaitOptions} [options]
   * @returns {Promise<unknown>} The data of the next message of the type.
   */
  next(type, options) {
    return this.#wait(`message of type ${type}`, options, (resolve) => this.on(type, resolve, { once: true }));
  }

  /**
   * @param {string} type
   * @param {unknown} [data]
   */
  emit(type, data) {
    this.#vet(
      type,
      data,
      (value) => this.#socket.post(this.#format.write(type, value)),
      (error, issues) => (issues ? this.#complain('outgoing', data, issues, type) : reportError(error)),
    );
  }

  /**
   * @param {string} type
   * @param {unknown} [data] A signal is none, but what a request without data is waited for with.
   * @param {WaitOptions | AbortSignal} [options]
   * @returns {Promise<unknown>} The data of the reply.
   */
  request(type, data, options) {
    if (data instanceof AbortSignal) return this.request(type, undefined, data);
    const given = options instanceof AbortSignal ? { signal: options } : options;
    const waiting = { ...given, timeout: given?.timeout ?? this.#requestTimeout };
    const what = `reply to ${type}`;
    return this.#wait(what, waiting, (resolve, reject) => {
      const id = ++this.#lastId;
      const request = { type, resolve, reject, hasLeft: false };
      /** @type {(() => void) | undefined} */
      let withdraw;
      let isOver = false;
      const post = (/** @type {unknown} */ value) => {
        if (isOver) return;
        withdraw = this.#socket.post(this.#format.write(type, value, id), (outcome) => {
          if (outcome === 'sent' || outcome === 'delivered') request.hasLeft = true;
          else reject(this.#failure(what, outcome));
        });
        if (!withdraw) request.hasLeft = true;
      };
      this.#vet(type, data, post, reject);
      this.#requests.set(id, request);
      this.#addListeners(1);
      return () => {
        isOver = true;
        withdraw?.();
        this.#requests.delete(id);
        this.#addListeners(-1);
      };
    });
  }

  /**
   * Answers the requests of the type with what `answer` returns.
   *
   * @param {string} type
   * @param {Handler} answer
   * @returns {() => void} Stops answering.
   */
  handle(type, answer) {
    checkFunction('handle', answer);
    if (this.#answers.has(type)) throw this.#socket.exception('InvalidStateError', `${type} has its handle() already`);
    this.#answers.set(type, answer);
    this.#addListeners(1);
    return () => {
      if (this.#answers.get(type) !== answer) return;
      this.#answers.delete(type);
      this.#addListeners(-1);
    };
  }

  /**
   * Calls `end` when the socket has closed, after all that arrived before.
   *
   * @param {() => void} end
   * @returns {() => void} Forgets `end`.
   */
  onEnd(end) {
    this.#ends.add(end);
    return () => {
      this.#ends.delete(end);
    };
  }

  /**
   * A message has arrived. Whatever it is, nothing is thrown.
   *
   * @param {unknown} raw
   */
  receive(raw) {
    this.#receive(raw, this.#connection);
  }

  /** The connection was lost, and with it the replies to all requests that had left. */
  dropped() {
    this.#connection++;
    for (const withdraw of this.#waitingReplies) withdraw();
    this.#waitingReplies.clear();
    const lost = [...this.#requests.values()].filter(({ hasLeft }) => hasLeft);
    this.#inTurn(() => {
      for (const { type, reject } of lost)
        reject(this.#missing(`reply to ${type}`, 'the connection was lost', 'NetworkError'));
    });
  }

  /** The socket has closed. */
  closed() {
    const ends = [...this.#ends];
    this.#inTurn(() => {
      for (const end of ends) end();
    });
    this.dropped();
  }

  /**
   * The hot path.
   *
   * @param {unknown} raw
   * @param {number} connection The number of the connection on which it arrived.
   */
  #receive(raw, connection) {
    if (this.#held) {
      this.#held.push(() => this.#receive(raw, connection));
      return;
    }
    const { hasCodec, decode, typeAt, dataAt, idAt, reply, error, misfit } = this.#format;
    if (typeof raw !== 'string' && !hasCodec) {
      this.#admit('binary', raw, undefined, raw, connection);
      return;
    }
    let type;
    let id;
    let data;
    try {
      const message = decode(raw);
      type = message?.[typeAt];
      id = message?.[idAt];
      data = dataAt === false ? message : message?.[dataAt];
    } catch (thrown) {
      this.#complain('parse', raw, [issueOf(thrown)]);
      return;
    }
    const request = id != null && this.#requests.get(id);
    if (
      request &&
      (type == null || type === request.type || type === reply || type === error) &&
      !this.#answers.has(type)
    ) {
      if (type === error) request.reject(new ReplyError(request.type, data));
      else this.#conclude(request, data);
    } else if (typeof type === 'string') this.#admit(type, data, id, raw, connection);
    // A second reply, or one to a request that has already failed.
    else if (type == null && typeof id === 'number') this.unhandled++;
    else this.#complain('envelope', raw, misfit);
  }

  /**
   * Settles a request with the data of its reply, which has to fit its schema, if there is one.
   *
   * @param {Request} request
   * @param {unknown} data
   */
  #conclude({ type, resolve, reject }, data) {
    this.#check(this.#format.replies, type, data, ({ issues, value }) => {
      if (issues) reject(refusal(`the reply to ${type}`, issues));
      else resolve(value);
    });
  }

  /**
   * Checks a message against the schema of its type, if there is one, and delivers it.
   *
   * @param {string} type
   * @param {unknown} data
   * @param {unknown} id
   * @param {unknown} raw
   * @param {number} connection
   */
  #admit(type, data, id, raw, connection) {
    if (!this.#format.incoming?.has(type)) {
      this.#deliver(type, data, id, connection);
      return;
    }
    this.#check(this.#format.incoming, type, data, ({ issues, value }) => {
      if (!issues) this.#deliver(type, value, id, connection);
      else {
        this.#complain('schema', raw, issues, type);
        if (id != null && this.#answers.has(type))
          this.#answer(() => Promise.reject(refusal(type, issues)), type, data, id, connection);
      }
    });
  }

  /**
   * Calls `conclude` with what the schema of the type, if there is one, says of the data.
   *
   * @param {Map<string, Schema> | undefined} schemas
   * @param {string} type
   * @param {unknown} data
   * @param {(validation: Validation) => void} conclude
   */
  #check(schemas, type, data, conclude) {
    const validation = validate(schemas, type, data);
    if (isPromise(validation)) this.#hold(validation, conclude);
    else conclude(validation);
  }

  /**
   * Holds back whatever arrives meanwhile, so that messages keep their order.
   *
   * @param {Promise<Validation>} validation
   * @param {(validation: Validation) => void} conclude
   */
  async #hold(validation, conclude) {
    /** @type {(() => void)[]} */
    const held = [];
    this.#held = held;
    conclude(await validation);
    this.#held = undefined;
    // If one of these has an asynchronous schema too, those after it add themselves to its list.
    for (const work of held) work();
  }

  /** @param {() => void} work */
  #inTurn(work) {
    if (this.#held) this.#held.push(() => this.#inTurn(work));
    else work();
  }

  /**
   * @param {string} type
   * @param {unknown} data
   * @param {unknown} id
   * @param {number} connection
   */
  #deliver(type, data, id, connection) {
    const handler = this.#handlers.get(type);
    const answer = id != null && this.#answers.get(type);
    if (handler) call(handler, data, type);
    if (this.#all) call(this.#all, data, type);
    else if (!handler && !answer) this.unhandled++;
    if (answer) this.#answer(answer, type, data, id, connection);
  }

  /**
   * @param {Handler} answer
   * @param {string} type
   * @param {unknown} data
   * @param {unknown} id
   * @param {number} connection The number of the connection on which the request arrived.
   */
  async #answer(answer, type, data, id, connection) {
    const { reply, error, write } = this.#format;
    try {
      /** @type {Frame} */
      let frame;
      try {
        frame = write(reply, await answer(data, type), id);
      } catch (thrown) {
        frame = write(error, issueOf(thrown), id);
      }
      if (connection !== this.#connection) return;
      /** @type {(() => void) | undefined} */
      let withdraw;
      let isTold = false;
      withdraw = this.#socket.post(frame, () => {
        isTold = true;
        if (withdraw) this.#waitingReplies.delete(withdraw);
      });
      if (withdraw && !isTold) this.#waitingReplies.add(withdraw);
    } catch (thrown) {
      // The error reply can't be encoded either, or the socket does not take the reply.
      reportError(thrown);
    }
  }

  /**
   * @param {Complaint['reason']} reason
   * @param {unknown} data
   * @param {readonly Issue[]} issues
   * @param {string} [messageType]
   */
  #complain(reason, data, issues, messageType) {
    this.invalid++;
    try {
      this.#socket.invalid({ data, reason, messageType, issues });
    } catch (error) {
      // A page may have replaced `console.warn` by a function that throws.
      reportError(error);
    }
  }

  /**
   * @param {string} what What did not come.
   * @param {string} outcome What became of the message that asked for it, or of the socket.
   */
  #failure(what, outcome) {
    return this.#missing(what, this.#socket.describe(outcome), ERROR_NAMES[outcome] ?? 'NetworkError');
  }

  /**
   * @param {string} what What did not come.
   * @param {string} why
   * @param {string} name
   */
  #missing(what, why, name) {
    return this.#socket.exception(name, `no ${what}: ${why}`);
  }

  /**
   * Calls `send` with what the schema makes of the data: at once, unless this message or an earlier one has an
   * asynchronous schema. Throws if it fails at once, and otherwise calls `fail`.
   *
   * @param {string} type
   * @param {unknown} data
   * @param {(value: unknown) => void} send
   * @param {(error: unknown, issues?: readonly Issue[]) => void} fail
   */
  #vet(type, data, send, fail) {
    const validation = validate(this.#format.outgoing, type, data);
    if (!isPromise(validation)) {
      if (validation.issues) throw refusal(type, validation.issues);
      if (!this.#vetting) {
        send(validation.value);
        return;
      }
    }
    const vetting = Promise.all([validation, this.#vetting]).then(([{ issues, value }]) => {
      if (this.#vetting === vetting) this.#vetting = undefined;
      try {
        if (issues) fail(refusal(type, issues), issues);
        else send(value);
      } catch (error) {
        fail(error);
      }
    });
    this.#vetting = vetting;
  }

  /**
   * Returns a promise that is settled once: by `begin`, the timeout, the signal, or the end of the socket.
   *
   * @param {string} what What is waited for.
   * @param {WaitOptions | undefined} options
   * @param {(resolve: Settle, reject: Settle) => () => void} begin Returns what is called when the promise is settled.
   * @returns {Promise<unknown>}
   */
  #wait(what, { timeout, signal } = {}, begin) {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      if (timeout !== undefined) checkTimeout('timeout', timeout);
      let isSettled = false;
      /** @type {(() => void) | undefined} */
      let undo;
      const settling = (/** @type {Settle} */ settle) => (/** @type {unknown} */ value) => {
        if (isSettled) return;
        isSettled = true;
        forget();
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        undo?.();
        settle(value);
      };
      const fail = settling(reject);
      const abort = () => fail(signal?.reason);
      const late = () => fail(this.#socket.exception('TimeoutError', `no ${what} within ${timeout} ms`));
      const forget = this.onEnd(() => fail(this.#failure(what, 'closed')));
      // The browser's timers count in 31 bits.
      const timer =
        timeout === undefined || timeout === Infinity ? 0 : setTimeout(late, Math.min(timeout, 2 ** 31 - 1));
      signal?.addEventListener('abort', abort);
      try {
        undo = begin(settling(resolve), fail);
      } catch (error) {
        fail(error);
      }
      // `begin` sends, and that may make room in the queue: the page is told, and may close the socket.
      if (isSettled) undo?.();
    });
  }

  /** @param {1 | -1} change */
  #addListeners(change) {
    const before = this.#listeners;
    this.#listeners += change;
    if (!before !== !this.#listeners) this.#socket.listen(!before);
  }

  /** @param {string} type */
  #list(type) {
    return this.#lists.get(type) ?? [];
  }

  /**
   * @param {string} type
   * @param {readonly Entry[]} list
   */
  #setList(type, list) {
    const [first, second] = list;
    /** @type {Handler | undefined} */
    const handler = second || first?.once ? (data, type) => callEach(list, data, type) : first?.handler;
    if (first) this.#lists.set(type, list);
    else this.#lists.delete(type);
    if (type === EVERY_TYPE) this.#all = handler;
    else if (handler) this.#handlers.set(type, handler);
    else this.#handlers.delete(type);
  }
}

/** The peer answered a request with an error. */
class ReplyError extends Error {
  /**
   * @param {string} type
   * @param {unknown} data
   */
  constructor(type, data) {
    const text = textOf(data);
    super(`Undrop: the answer to ${type} is an error${text && `: ${text}`}`);
    this.name = 'ReplyError';
    this.data = data;
  }
}

/**
 * The names of the errors of a request that was not sent. The other outcomes are errors of the network.
 *
 * @type {{ readonly [outcome: string]: string | undefined }}
 */
const ERROR_NAMES = { expired: 'TimeoutError', overflow: 'QuotaExceededError', closed: 'InvalidStateError' };

/**
 * @param {Handler} handler
 * @param {unknown} data
 * @param {unknown} type
 */
const call = (handler, data, type) => {
  try {
    handler(data, type);
  } catch (error) {
    reportError(error);
  }
};

/**
 * @param {readonly Entry[]} entries
 * @param {unknown} data
 * @param {unknown} type
 */
const callEach = (entries, data, type) => {
  for (const { handler, once, undo } of entries) {
    if (once) undo();
    if (handler) call(handler, data, type);
  }
};

/**
 * Where the parts of a message are: under these names in an object, or at these indices in an array.
 *
 * @typedef {object} Envelope
 * @property {string | number | undefined} [type]
 * @property {string | number | false | undefined} [data]
 * @property {string | number | undefined} [id]
 * @property {string | undefined} [reply]
 * @property {string | undefined} [error]
 */

/** Stands in where there is no codec. */
const JSON_CODEC = { encode: JSON.stringify, decode: JSON.parse };

/** An array has as many elements as its highest index needs, so that a huge index would be a huge array. */
const MAX_FIELDS = 100;

/**
 * How messages are written, read and checked: by both ends of a connection, so the server in JavaScript has it too.
 *
 * @param {FormatOptions} options
 */
export const parseFormat = ({ envelope: given = {}, codec = JSON_CODEC, schemas = {} }) => {
  checkNames('envelope', given, ['type', 'data', 'id', 'reply', 'error']);
  const { type: typeAt = 'type', data: dataAt = 'data', id: idAt = 'id', reply = 'reply', error = 'error' } = given;
  const isFlat = dataAt === false;
  /** @type {any[]} */
  const fields = isFlat ? [typeAt, idAt] : [typeAt, dataAt, idAt];
  const isArray = !isFlat && fields.every((field) => Number.isInteger(field) && field >= 0 && field < MAX_FIELDS);
  const length = isArray && Math.max(...fields) + 1;
  if (new Set(fields).size < fields.length || !(isArray || fields.every((field) => typeof field === 'string')))
    throw wrong(
      `the envelope needs three names, or indices below ${MAX_FIELDS}, as type, data and id; or two names and data: false`,
    );
  if (typeof reply !== 'string' || typeof error !== 'string' || reply === error)
    throw wrong('the envelope needs two types as reply and error');
  for (const name of /** @type {const} */ (['encode', 'decode']))
    if (typeof codec?.[name] !== 'function') throw wrong(`a codec needs a function ${name}`);
  checkNames('schemas', schemas, ['incoming', 'outgoing', 'replies']);
  return {
    /** Where the type of a message is. */
    typeAt,
    /** Where its data is; false if that is the message itself. */
    dataAt,
    /** Where its id is. */
    idAt,
    /** The type of a reply. */
    reply,
    /** The type of a reply that is an error. */
    error,
    incoming: parseSchemas(schemas.incoming),
    outgoing: parseSchemas(schemas.outgoing),
    replies: parseSchemas(schemas.replies),
    /** What is wrong with a message that has no type. */
    misfit: [{ message: `it is no ${isArray ? 'array' : 'object'} with a string as its ${typeAt}` }],

    /**
     * Returns the frame of a message.
     *
     * @param {string} type
     * @param {unknown} data
     * @param {unknown} [id]
     */
    write(type, data, id) {
      if (isFlat && data != null && (typeof data !== 'object' || Array.isArray(data)))
        throw wrong('the data must be an object with data: false');
      /** @type {any} */
      const message = length ? Array(length).fill(null) : isFlat ? { .../** @type {{}} */ (data) } : {};
      message[typeAt] = type;
      if (!isFlat && data !== undefined) message[dataAt] = data;
      if (id !== undefined) message[idAt] = id;
      return codec.encode(message);
    },

    /** Whether there is a codec, which is given frames that are not text as well. */
    hasCodec: codec !== JSON_CODEC,

    /**
     * Returns what is in a frame, unless its parts can't be in it. That may be anything, and its parts getters that throw.
     *
     * @param {any} frame
     * @returns {any}
     */
    decode(frame) {
      const message = codec.decode(frame);
      if (!isArray || Array.isArray(message)) return message;
    },
  };
};

/**
 * @param {object | undefined} given
 * @returns {Map<string, Schema> | undefined}
 */
const parseSchemas = (given) => {
  if (given === undefined) return;
  checkObject('schemas', given);
  const schemas = new Map(Object.entries(given));
  for (const [type, schema] of schemas)
    if (typeof schema?.['~standard']?.validate !== 'function')
      throw wrong(`the schema of ${type} is no Standard Schema`);
  return schemas;
};

/**
 * @param {string} name
 * @param {number} value
 */
const checkTimeout = (name, value) => {
  if (!(value >= 0)) throw wrong(`${name} must be a number of milliseconds, not ${value}`);
};

/**
 * @param {string} method
 * @param {unknown} given
 */
const checkFunction = (method, given) => {
  if (typeof given !== 'function') throw wrong(`${method}() needs a type and a function`);
};

/**
 * @param {string} what
 * @param {unknown} given
 */
const checkObject = (what, given) => {
  if (Object(given) !== given) throw wrong(`${what} must be an object, not ${given}`);
};

/**
 * @param {string} what
 * @param {object} given
 * @param {string[]} names
 */
export const checkNames = (what, given, names) => {
  checkObject(what, given);
  for (const name of Object.keys(given))
    if (!names.includes(name)) throw wrong(`${what} has no ${name}, but ${names.join(', ')}`);
};

/**
 * Returns what the schema of the type, if there is one, says of the data, or a promise of that. It never rejects: a schema
 * that fails is an issue.
 *
 * @param {Map<string, Schema> | undefined} schemas
 * @param {string} type
 * @param {unknown} value
 * @returns {Validation | Promise<Validation>}
 */
export const validate = (schemas, type, value) => {
  const schema = schemas?.get(type);
  if (!schema) return { value };
  try {
    const validation = schema['~standard'].validate(value);
    return isPromise(validation)
      ? Promise.resolve(validation).then(parseValidation).catch(failed)
      : parseValidation(validation);
  } catch (error) {
    return failed(error);
  }
};

/**
 * Reads each property once, here, where it may throw.
 *
 * @param {Validation} validation
 */
const parseValidation = ({ issues, value }) => (issues ? { issues: [...issues] } : { value });

/** @param {unknown} error */
const failed = (error) => ({ issues: [issueOf(error)] });

/**
 * @param {any} result
 * @returns {result is Promise<any>}
 */
export const isPromise = (result) => typeof result.then === 'function';

/**
 * @param {string} type
 * @param {readonly Issue[]} issues
 */
export const refusal = (type, issues) =>
  new TypeError(`Undrop: ${type} does not fit its schema: ${issues.map(describeIssue).join('; ')}`);

/** @param {string} text */
export const wrong = (text) => new TypeError(`Undrop: ${text}.`);

/** @param {Issue} issue */
const describeIssue = (issue) => {
  // A part of a path may be a symbol, which only `String` converts.
  const path = issue.path?.map((part) => String(typeof part === 'object' ? part?.key : part)).join('.');
  return `${path ? `${path}: ` : ''}${textOf(issue)}`;
};

/** @param {unknown} error */
export const issueOf = (error) => ({ message: textOf(error) || 'unknown error' });

/**
 * Returns the text in an error, or in what somebody threw or sent in place of one. It may be anything: its message may
 * be no text, a symbol, or a getter that throws.
 *
 * @param {any} error
 */
const textOf = (error) => {
  try {
    const text = error?.message ?? error ?? '';
    return Object(text) === text ? '' : String(text);
  } catch {
    return '';
  }
};
