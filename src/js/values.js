// @ts-nocheck: the server's TypeScript imports it, and has no use for types here.
// What is shorter to say in JavaScript than in Rust: errors, objects, and how options are read.

export const setProperty = (object, name, value) => {
  object[name] = value;
};

/** The options that JavaScript reads. */
const READ_ELSEWHERE = ['signal', 'envelope', 'codec', 'schemas', 'requestTimeout'];

/** The names that were warned of. */
const warned = new Set();

/** How many pairs of neighbouring letters of a word are also in another, as a part of all pairs of both. */
export const likeness = (one, other) => {
  const pairs = [...one.matchAll(/(?=(..))/gs)];
  return pairs.filter(([, pair]) => other.includes(pair)).length / (one.length + other.length);
};

/** Reads options by their paths, like `retry.limit`, and remembers the first error. */
export class Reader {
  #options;
  /** The paths of all options that there are. */
  #known = new Set(READ_ELSEWHERE);

  constructor(options) {
    this.#options = options;
    if (Object(options) !== options) this.#refuse('options', 'an object', options);
  }

  get(path) {
    this.#known.add(path);
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

  /** Warns of each name that no option has, once all options were read. */
  warn() {
    const options = this.#options;
    const known = [...this.#known];
    const given = Object.keys(options).flatMap((name) =>
      known.some((path) => path.startsWith(`${name}.`))
        ? [name, ...Object.keys(Object(options[name])).map((inner) => `${name}.${inner}`)]
        : name,
    );
    for (const path of given) {
      if (known.includes(path) || warned.has(path)) continue;
      warned.add(path);
      const [, group, name] = path.match(/(.*\.|)(.*)/);
      const names = known.filter((one) => one.startsWith(group));
      const score = (one) => likeness(name.toLowerCase(), one.slice(group.length).toLowerCase());
      const nearest = names.sort((one, other) => score(other) - score(one)).slice(0, 3);
      console.warn(`Undrop: there is no option ${path}. Is it ${nearest.join(', or ')}?`);
    }
  }

  fail(message) {
    this.error ??= new TypeError(`Undrop: ${message}.`);
  }

  #refuse(path, must, value) {
    this.fail(`${path} must be ${must}, not ${Object(value) === value ? 'an object' : String(value)}`);
  }
}
