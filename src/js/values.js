// What is shorter to say in JavaScript than in Rust: errors, objects, and how options are read.

/** `first` and `last`, if there are such, stand at the beginning and at the end of the message. */
export const exception = (name, message, first = '', last = '') =>
  new DOMException(`Undrop: ${first}${message}${last}.`, name);

export const setProperty = (object, name, value) => {
  object[name] = value;
};

/** Reads options by their paths, like `retry.limit`, and remembers the first error. */
export class Reader {
  #options;

  constructor(options) {
    this.#options = options;
    if (Object(options) !== options) this.#refuse('options', 'an object', options);
  }

  get(path) {
    try {
      return path.split('.').reduce((group, name) => Object(group)[name], this.#options);
    } catch (thrown) {
      this.error ??= thrown;
    }
  }

  /** A number, or `usual` if there is none. */
  number(path, usual, least) {
    const value = this.get(path);
    if (value === undefined) return usual;
    if (typeof value === 'number' && value >= least) return value;
    this.#refuse(path, `a number from ${least}`, value);
    return usual;
  }

  /** What kind of value an option is. `must` has the words for those that are allowed; each option may be undefined. */
  kind(path, must) {
    const value = this.get(path);
    const type = value === null ? 'null' : typeof value;
    const kind = type === 'boolean' ? String(value) : type;
    if (value === undefined || must.includes(type) || must.includes(kind)) return kind;
    this.#refuse(path, must, value);
    return 'undefined';
  }

  /** Which of two words an option is: whether it is the second. */
  isSecond(path, first, second) {
    const value = this.get(path);
    if (value !== undefined && value !== first && value !== second)
      this.#refuse(path, `'${first}' or '${second}'`, value);
    return value === second;
  }

  fail(message) {
    this.error ??= new TypeError(`Undrop: ${message}.`);
  }

  #refuse(path, must, value) {
    this.fail(`${path} must be ${must}, not ${Object(value) === value ? 'an object' : String(value)}`);
  }
}
