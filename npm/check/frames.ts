// The control frames of a server, by the grammar of docs/protocol.md. They are read here a second time on purpose, and not by
// `proto`: a mistake in its reader would be one that the check does not find.

export const marker = '\u0010';

/** What a server may say besides messages. */
export type Control =
  | { name: 'welcome'; token: string; ttl: number; spread: number; largest: number; isLost: boolean }
  | { name: 'resumed'; received: number; spread: number; largest: number }
  | { name: 'ack'; received: number }
  | { name: 'ping' | 'pong'; number: number }
  | { name: 'end' };

const largestCount = 2 ** 53 - 1;
const largestSpan = 2 ** 32 - 1;
const number = '(0|[1-9][0-9]*)';
const welcome = new RegExp(`^welcome ([0-9a-f]{32}) ${number} ${number} ${number}( lost)?$`);
const resumed = new RegExp(`^resumed ${number} ${number} ${number}$`);
const counted = new RegExp(`^(ack|ping|pong) ${number}$`);

/** Reads a control frame without its U+0010. Undefined if the grammar has no such frame of a server. */
export function parse(text: string): Control | undefined {
  if (text === 'end') return { name: 'end' };
  const one = counted.exec(text);
  if (one) {
    const count = within(largestCount, one[2]);
    if (count === undefined) return undefined;
    return one[1] === 'ack' ? { name: 'ack', received: count } : { name: one[1] as 'ping' | 'pong', number: count };
  }
  const again = resumed.exec(text);
  if (again) {
    const received = within(largestCount, again[1]);
    const [spread, largest] = [within(largestSpan, again[2]), within(largestSpan, again[3])];
    if (received === undefined || spread === undefined || largest === undefined) return undefined;
    return { name: 'resumed', received, spread, largest };
  }
  const begun = welcome.exec(text);
  if (!begun) return undefined;
  const [ttl, spread, largest] = [begun[2], begun[3], begun[4]].map((span) => within(largestSpan, span));
  if (ttl === undefined || spread === undefined || largest === undefined) return undefined;
  return { name: 'welcome', token: begun[1] as string, ttl, spread, largest, isLost: begun[5] !== undefined };
}

/** Whether the text begins with the name of a server's control frame. */
export const isNamed = (text: string): boolean => /^(welcome|resumed|ack|ping|pong|end)\b/.test(text);

/** The control frame as a text, without its U+0010. */
export function spelled(control: Control): string {
  switch (control.name) {
    case 'welcome': {
      const { token, ttl, spread, largest, isLost } = control;
      return `welcome ${token} ${ttl} ${spread} ${largest}${isLost ? ' lost' : ''}`;
    }
    case 'resumed':
      return `resumed ${control.received} ${control.spread} ${control.largest}`;
    case 'ack':
      return `ack ${control.received}`;
    case 'end':
      return 'end';
    default:
      return `${control.name} ${control.number}`;
  }
}

const within = (largest: number, digits: string | undefined) => {
  const value = Number(digits);
  return value <= largest ? value : undefined;
};
