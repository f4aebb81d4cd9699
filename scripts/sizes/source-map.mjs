// Which part of a bundle came from which source, by its source map: https://tc39.es/ecma426/

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** For each source the pieces of `code`, as `[begin, end]`, that came from it; what came from none is under ''. */
export function pieces(code, map) {
  const found = new Map();
  const all = [{ begin: 0, source: '' }, ...segments(code, map), { begin: code.length }];
  for (const [index, { begin, source }] of all.slice(0, -1).entries()) {
    const end = all[index + 1].begin;
    if (end > begin) found.set(source, [...(found.get(source) ?? []), [begin, end]]);
  }
  return found;
}

/** What says of a line and a column of `code`, both from 0, where they came from: a source and a line of it, from 1. */
export function locator(code, map) {
  const all = segments(code, map);
  const lines = code.split('\n');
  return (line, column) => all.findLast(({ begin }) => begin <= startOf(lines, line) + column);
}

/** The map of a script whose first line begins with so many more characters, none of which is from a source. */
export function shifted(map, characters) {
  const { mappings, ...rest } = JSON.parse(map);
  // Only the first column of a line is absolute.
  const [first] = mappings.match(/^[^,;]*/);
  const [column, ...others] = numbers(first);
  const text = [column + characters, ...others].map(encoded).join('');
  return JSON.stringify({ ...rest, mappings: text + mappings.slice(first.length) });
}

/** The pieces in their order: where each begins, and its source, '' if there is none, and line. */
function segments(code, map) {
  const { sources, mappings } = JSON.parse(map);
  const lines = code.split('\n');
  const found = [];
  let [source, line] = [0, 0];
  for (const [number, texts] of mappings.split(';').entries()) {
    let column = startOf(lines, number);
    for (const text of texts.split(',').filter(Boolean)) {
      const [columns, sourcesOn, linesOn] = numbers(text);
      column += columns;
      source += sourcesOn ?? 0;
      line += linesOn ?? 0;
      const isFromNone = sourcesOn === undefined;
      found.push({ begin: column, source: isFromNone ? '' : sources[source], line: line + 1 });
    }
  }
  return found;
}

const startOf = (lines, number) => lines.slice(0, number).reduce((sum, line) => sum + line.length + 1, 0);

/** Base64 VLQ: five bits a digit, the lowest first, the sixth says that more follow; the lowest bit is the sign. */
function numbers(segment) {
  const list = [];
  let [value, shift] = [0, 0];
  for (const letter of segment) {
    const digit = DIGITS.indexOf(letter);
    value += (digit & 31) << shift;
    shift += 5;
    if (digit & 32) continue;
    list.push(value & 1 ? -(value >> 1) : value >> 1);
    [value, shift] = [0, 0];
  }
  return list;
}

function encoded(number) {
  let text = '';
  let rest = number < 0 ? -number * 2 + 1 : number * 2;
  for (; rest > 31; rest >>= 5) text += DIGITS[(rest & 31) | 32];
  return text + DIGITS[rest];
}
