// Which part of a bundle came from which source, by its source map: https://tc39.es/ecma426/

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** For each source the pieces of `code`, as `[begin, end]`, that came from it; what came from none is under ''. */
export function pieces(code, map) {
  const found = new Map();
  const add = (source, begin, end) => {
    if (end > begin) found.set(source, [...(found.get(source) ?? []), [begin, end]]);
  };
  const { sources, mappings } = JSON.parse(map);
  let [begin, last, source] = [0, '', 0];
  const lines = code.split('\n');
  mappings.split(';').forEach((segments, number) => {
    let column = 0;
    for (const segment of segments.split(',').filter(Boolean)) {
      const [columns, sourcesOn] = numbers(segment);
      column += columns;
      add(last, begin, startOf(lines, number) + column);
      begin = startOf(lines, number) + column;
      if (sourcesOn !== undefined) source += sourcesOn;
      last = sourcesOn === undefined ? '' : sources[source];
    }
  });
  add(last, begin, code.length);
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
