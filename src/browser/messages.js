// Typed messages: finds the handlers of what arrives, and puts into an envelope what leaves. Both faces, the one for
// TypeScript and the one for Rust, register here.

/** What stands where in a message that is an object; in an array, `type`, `data` and `id` are indices. */
const ENVELOPE = { type: 'type', data: 'data', id: 'id', reply: 'reply', error: 'error' };

/** No server counts its fields in hundreds, and an array is as long as the highest index. */
const MOST_FIELDS = 100;

export class Messages {
  /** Messages that nobody had asked for. */
  unhandled = 0;
  /** Messages that were not what they should be. */
  invalid = 0;
  #envelope;
  #encode = JSON.stringify;
  #decode = JSON.parse;
  #takesBinary;
  #incoming;
  #outgoing;
  #face;
  /** How many have asked to be told. */
  #asked = 0;
  /** Who listens, by types. A list is never changed: who is in the middle of it goes on with the old one. */
  #lists = new Map();
  /** What to call for a type: where there is but one handler it is that one, since each thing on the way to it is felt
   * among thousands of types. */
  #handlers = new Map();
  /** The catch-all, kept apart, where no message's type can name it. */
  #all;
  #answers = new Map();
  /** Our requests, by their ids. */
  #requests = new Map();
  #lastId = 0;
  /** What to call when it is over. */
  #ends = new Set();
  /** What takes back an answer that has not left. */
  #unsent = new Set();
  /** Changes with each line. An answer goes to who asked, or to nobody: the next line has ids of its own. */
  #line = 0;
  /** What has arrived after a message whose schema takes its time. */
  #held;
  /** Settles when what was sent so far is through with its schemas. */
  #vetting;

  /** As `messages.d.ts` has it. */
  constructor({ envelope, codec, schemas = {} }, face) {
    this.#envelope = parseEnvelope(envelope);
    if (codec) {
      for (const name of ['encode', 'decode'])
        if (typeof codec[name] !== 'function') throw new TypeError(`Undrop: a codec needs a function ${name}.`);
      this.#encode = (message) => codec.encode(message);
      this.#decode = (data) => codec.decode(data);
    }
    this.#takesBinary = !!codec;
    checkNames('schemas', schemas, ['incoming', 'outgoing']);
    this.#incoming = parseSchemas(schemas.incoming);
    this.#outgoing = parseSchemas(schemas.outgoing);
    this.#face = face;
  }

  on(type, handler, { once = false, signal } = {}) {
    if (typeof handler !== 'function') throw new TypeError('Undrop: on() needs a type and a function.');
    if (signal?.aborted) return () => {};
    const entry = { type, handler, once, undo: undefined };
    const undo = () => {
      if (!entry.handler) return;
      // Who is in the middle of the old list passes it over.
      entry.handler = undefined;
      this.#setList(
        type,
        this.#list(type).filter((one) => one !== entry),
      );
      this.#ask(-1);
      signal?.removeEventListener('abort', undo);
    };
    entry.undo = undo;
    this.#setList(type, [...this.#list(type), entry]);
    this.#ask(1);
    signal?.addEventListener('abort', undo);
    return undo;
  }

  off(type, handler) {
    for (const entry of this.#list(type)) if (entry.handler === handler) entry.undo();
  }

  next(type, options) {
    return this.#within(`message of type ${type}`, options, (resolve) => this.on(type, resolve, { once: true }));
  }

  emit(type, data) {
    this.#vet(
      type,
      data,
      (value) => this.#face.post(this.#frame(type, value)),
      (error, issues) => (issues ? this.#complain('outgoing', data, type, issues) : reportError(error)),
    );
  }

  request(type, data, options) {
    return this.#within(`reply to ${type}`, options, (resolve, reject) => {
      const id = ++this.#lastId;
      const request = { type, resolve, reject, left: false };
      let takeBack;
      let isOver = false;
      const post = (value) => {
        if (isOver) return;
        takeBack = this.#face.post(this.#frame(type, value, id), (fate) => {
          if (fate === 'sent') request.left = true;
          else reject(failure(fate));
        });
        request.left = !takeBack;
      };
      this.#vet(type, data, post, reject);
      this.#requests.set(id, request);
      this.#ask(1);
      return () => {
        isOver = true;
        takeBack?.();
        this.#requests.delete(id);
        this.#ask(-1);
      };
    });
  }

  handle(type, answer) {
    if (typeof answer !== 'function') throw new TypeError('Undrop: handle() needs a type and a function.');
    if (this.#answers.has(type))
      throw new DOMException(`Undrop: ${type} has its handle() already; undo that first.`, 'InvalidStateError');
    this.#answers.set(type, answer);
    this.#ask(1);
    return () => {
      if (this.#answers.get(type) !== answer) return;
      this.#answers.delete(type);
      this.#ask(-1);
    };
  }

  onEnd(end) {
    this.#ends.add(end);
    return () => this.#ends.delete(end);
  }

  receive(raw) {
    if (this.#held) {
      this.#held.push(() => this.receive(raw));
      return;
    }
    if (typeof raw !== 'string' && !this.#takesBinary) {
      this.#admit('binary', raw, undefined, raw);
      return;
    }
    let message;
    try {
      message = this.#decode(raw);
    } catch (error) {
      this.#complain('parse', raw, undefined, [issue(error)]);
      return;
    }
    const { type: typeAt, data: dataAt, id: idAt, reply, error, length } = this.#envelope;
    const fields = length && !Array.isArray(message) ? undefined : message;
    const type = fields?.[typeAt];
    const id = fields?.[idAt];
    const data = dataAt === false ? message : fields?.[dataAt];
    const request = id != null && this.#requests.get(id);
    if (
      request &&
      (type == null || type === request.type || type === reply || type === error) &&
      !this.#answers.has(type)
    ) {
      if (type === error) request.reject(new ReplyError(request.type, data));
      else request.resolve(data);
    } else if (typeof type === 'string') this.#admit(type, data, id, raw);
    // A reply that came too late, or twice.
    else if (type == null && typeof id === 'number') this.unhandled++;
    else
      this.#complain('envelope', raw, undefined, [
        { message: `it is no ${length ? 'array' : 'object'} with a string as its ${typeAt}` },
      ]);
  }

  dropped() {
    this.#line++;
    for (const takeBack of this.#unsent) takeBack();
    this.#unsent.clear();
    const lost = [...this.#requests.values()].filter(({ left }) => left);
    const error = new DOMException('Undrop: the line was lost before the reply came.', 'NetworkError');
    this.#inTurn(() => {
      for (const { reject } of lost) reject(error);
    });
  }

  closed() {
    const ends = [...this.#ends];
    this.#inTurn(() => {
      for (const end of ends) end(failure('closed'));
    });
    this.dropped();
  }

  /** Checks a message against its schema, if it has one, and delivers it. */
  #admit(type, data, id, raw) {
    const schema = this.#incoming?.get(type);
    if (!schema) {
      this.#deliver(type, data, id);
      return;
    }
    const conclude = ({ issues, value }) => {
      if (!issues) this.#deliver(type, value, id);
      else {
        this.#complain('schema', raw, type, issues);
        if (id != null && this.#answers.has(type))
          this.#answer(() => Promise.reject(refusal(type, issues)), type, data, id);
      }
    };
    const result = validate(schema, data);
    if (isPromise(result)) this.#hold(result, conclude);
    else conclude(result);
  }

  /** Whatever arrives meanwhile waits, for nothing must overtake. */
  async #hold(result, conclude) {
    const held = [];
    this.#held = held;
    conclude(await result);
    this.#held = undefined;
    // If one of them takes its time too, those after it find the way to its list by themselves.
    for (const work of held) work();
  }

  #inTurn(work) {
    if (this.#held) this.#held.push(() => this.#inTurn(work));
    else work();
  }

  #deliver(type, data, id) {
    const handler = this.#handlers.get(type);
    const answer = id != null && this.#answers.get(type);
    if (handler) call(handler, data, type);
    if (this.#all) call(this.#all, data, type);
    else if (!handler && !answer) this.unhandled++;
    if (answer) this.#answer(answer, type, data, id);
  }

  async #answer(answer, type, data, id) {
    const line = this.#line;
    const { reply, error } = this.#envelope;
    let frame;
    try {
      frame = this.#frame(reply, await answer(data, type), id);
    } catch (thrown) {
      frame = this.#frame(error, issue(thrown), id);
    }
    if (line !== this.#line) return;
    const takeBack = this.#face.post(frame, () => this.#unsent.delete(takeBack));
    if (takeBack) this.#unsent.add(takeBack);
  }

  #complain(reason, data, messageType, issues) {
    this.invalid++;
    this.#face.invalid({ data, reason, messageType, issues });
  }

  /** Calls `send` with what the schema makes of the data: at once, unless this or an earlier message takes its time. */
  #vet(type, data, send, fail) {
    const schema = this.#outgoing?.get(type);
    const result = schema ? validate(schema, data) : { value: data };
    if (result.issues) throw refusal(type, result.issues);
    if (!this.#vetting && !isPromise(result)) {
      send(result.value);
      return;
    }
    const earlier = this.#vetting;
    const vetting = (async () => {
      const { issues, value } = await result;
      await earlier;
      if (this.#vetting === vetting) this.#vetting = undefined;
      try {
        if (issues) fail(refusal(type, issues), issues);
        else send(value);
      } catch (error) {
        fail(error);
      }
    })();
    this.#vetting = vetting;
  }

  #frame(type, data, id) {
    const { type: typeAt, data: dataAt, id: idAt, length } = this.#envelope;
    const isFlat = dataAt === false;
    if (isFlat && data != null && (typeof data !== 'object' || Array.isArray(data)))
      throw new TypeError('Undrop: in flat messages (data: false) the data must be an object.');
    const message = length ? new Array(length).fill(null) : isFlat ? { ...data } : {};
    message[typeAt] = type;
    if (!isFlat && data !== undefined) message[dataAt] = data;
    if (id !== undefined) message[idAt] = id;
    return this.#encode(message);
  }

  /** A promise that `begin` settles, or else the clock, the signal or the end. What `begin` returns undoes what it did. */
  #within(what, { timeout, signal } = {}, begin) {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      if (timeout !== undefined && !(timeout >= 0))
        throw new TypeError(`Undrop: timeout must be a number of milliseconds, not ${timeout}.`);
      const settling = (settle) => (value) => {
        if (!forget()) return;
        undo();
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        settle(value);
      };
      const fail = settling(reject);
      const abort = () => fail(signal.reason);
      const undo = begin(settling(resolve), fail);
      const forget = this.onEnd(fail);
      const late = () => fail(new DOMException(`Undrop: no ${what} within ${timeout} ms.`, 'TimeoutError'));
      // Timers count in 31 bits.
      const timer = timeout === undefined ? 0 : setTimeout(late, Math.min(timeout, 2 ** 31 - 1));
      signal?.addEventListener('abort', abort);
    });
  }

  #ask(change) {
    const asked = this.#asked;
    this.#asked += change;
    if (!asked !== !this.#asked) this.#face.listen(!asked);
  }

  #list(type) {
    return this.#lists.get(type) ?? [];
  }

  #setList(type, list) {
    const [first, second] = list;
    const handler = second || first?.once ? (data, type) => callEach(list, data, type) : first?.handler;
    if (first) this.#lists.set(type, list);
    else this.#lists.delete(type);
    if (type === '*') this.#all = handler;
    else if (first) this.#handlers.set(type, handler);
    else this.#handlers.delete(type);
  }
}

/** The other end's word that it could not do what it was asked for. */
class ReplyError extends Error {
  constructor(type, data) {
    super(`Undrop: the answer to ${type} is an error${data?.message ? `: ${data.message}` : ''}`);
    this.name = 'ReplyError';
    this.data = data;
  }
}

const call = (handler, data, type) => {
  try {
    handler(data, type);
  } catch (error) {
    reportError(error);
  }
};

const callEach = (entries, data, type) => {
  for (const { handler, once, undo } of entries) {
    if (once) undo();
    if (handler) call(handler, data, type);
  }
};

const FATES = {
  expired: ['it waited longer than it was to live', 'TimeoutError'],
  overflow: ['it made room for a newer one', 'QuotaExceededError'],
  closed: ['it is over', 'InvalidStateError'],
  unsent: ['its session ended before it left', 'NetworkError'],
  unconfirmed: ['its session ended before the server said that it has it; it may have arrived', 'NetworkError'],
};

const failure = (fate) => new DOMException(`Undrop: ${FATES[fate][0]}.`, FATES[fate][1]);

const parseEnvelope = (given = {}) => {
  checkNames('envelope', given, Object.keys(ENVELOPE));
  const envelope = { ...ENVELOPE, ...given };
  const { type, data, id, reply, error } = envelope;
  const fields = data === false ? [type, id] : [type, data, id];
  const isArray = fields.every((field) => Number.isInteger(field) && field >= 0 && field < MOST_FIELDS);
  const isObject = fields.every((field) => typeof field === 'string');
  if (new Set(fields).size < fields.length || !(isObject || (isArray && data !== false)))
    throw new TypeError(
      `Undrop: the envelope's type, data and id must be three names, or three indices below ${MOST_FIELDS} of an array; or two names and data: false.`,
    );
  if (typeof reply !== 'string' || typeof error !== 'string' || reply === error)
    throw new TypeError("Undrop: the envelope's reply and error must be two different types of messages.");
  return { ...envelope, length: isArray ? Math.max(...fields) + 1 : 0 };
};

const parseSchemas = (given) => {
  if (!given) return;
  const schemas = new Map(Object.entries(given));
  for (const [type, schema] of schemas)
    if (typeof schema?.['~standard']?.validate !== 'function')
      throw new TypeError(`Undrop: the schema of ${type} is no Standard Schema (https://standardschema.dev).`);
  return schemas;
};

const checkNames = (what, given, names) => {
  for (const name of Object.keys(given))
    if (!names.includes(name)) throw new TypeError(`Undrop: ${what} has no ${name}, but ${names.join(', ')}.`);
};

const isPromise = (result) => typeof result.then === 'function';

const issue = (error) => ({ message: `${error?.message ?? error}` });

const failed = (error) => ({ issues: [issue(error)] });

/** The schema's result, or a promise of it. */
const validate = (schema, value) => {
  try {
    const result = schema['~standard'].validate(value);
    return isPromise(result) ? result.then((late) => ({ ...late }), failed) : result;
  } catch (error) {
    return failed(error);
  }
};

const refusal = (type, issues) =>
  new TypeError(
    `Undrop: ${type} does not fit its schema: ${issues
      .map(
        ({ message, path }) =>
          `${path?.length ? `${path.map((part) => part?.key ?? part).join('.')}: ` : ''}${message}`,
      )
      .join('; ')}`,
  );

/** Whether there are no more than so many arrays and objects within one another. For Rust, which reads data with its stack. */
export const isWithin = (data, levels) =>
  data === null ||
  typeof data !== 'object' ||
  (levels > 0 && Object.values(data).every((part) => isWithin(part, levels - 1)));
