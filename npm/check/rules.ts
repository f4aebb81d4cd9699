// What docs/protocol.md says, and where: the heading that a sentence stands under, and the sentence, word by word.

export interface Rule {
  anchor: string;
  words: string;
}

const under = (anchor: string, words: string): Rule => ({ anchor, words });
const top = 'the-session-protocol-undrop1';
const begins = 'a-connection-begins';
const live = 'a-connection-is-live';

export const rules = {
  selects: under(
    'negotiation',
    'A server that speaks the protocol MUST select one of the offered names that are `undrop.1` or begin with `undrop.1+`, and ' +
      '`undrop.1+NAME` only if its app speaks `NAME`.',
  ),
  selectsNoOther: under('negotiation', 'It MUST NOT select one of these otherwise.'),
  frame: under(top, 'a *frame* is one WebSocket message, text or binary, however it was fragmented.'),
  spelling: under(
    'frames',
    'There is one spelling of each: no other spaces, no zeros in front, nothing after the end.',
  ),
  binary: under('frames', "A binary frame is a message, and is the app's, byte for byte."),
  escape: under(
    'frames',
    'So an end that sends text for its app puts one U+0010 in front if, and only if, the text begins with U+0010; and an end ' +
      'that receives a message whose text begins with U+0010 takes that one off.',
  ),
  untouched: under('frames', 'Nothing else is added to a message or taken from it. Empty messages are messages.'),
  forget: under(
    'counting',
    '**A message may be forgotten by its sender once it is acknowledged, and not before. A message that was taken is never sent ' +
      'again.**',
  ),
  welcome: under(begins, '`new`: it makes a session with a fresh token, and answers `welcome`. All counts are 0.'),
  early: under(
    begins,
    'they are of the new session, and the server MUST accept them whether they come before its answer has left or after.',
  ),
  unknown: under(
    begins,
    "`resume`, and there is no such session, or it is not this client's, or it is over: the same. The client can't tell these " +
      'apart, and must not.',
  ),
  lostAttempt: under(
    begins,
    '`ANSWERED > attempt`: the client was answered on a connection that the server does not know of, so the server (its store) ' +
      '**has lost a part of the session**.',
  ),
  lostUndisturbed: under(
    begins,
    'The session that it asked for is not disturbed: if it is on a connection, it stays there, and in the end it expires.',
  ),
  late: under(begins, '`ATTEMPT ≤ attempt`: the request is late, from a connection that its client has left'),
  lateStays: under(begins, '*This connection* is closed with 4000, and for the session nothing has happened.'),
  lostCounts: under(
    begins,
    '`RECEIVED > left` or `ACKNOWLEDGED > taken`: the client knows of messages that the server does not know of. This is a lost ' +
      'part, as in 1.',
  ),
  past: under(
    begins,
    '`RECEIVED < acknowledged`: this connection is closed as for a violation (`resume of the past`), and for the session nothing ' +
      'has happened.',
  ),
  takenOver: under(
    begins,
    'If the session was on another connection until now, it is **taken over**: that connection is closed with 4000, and whatever ' +
      'still arrives on it is ignored.',
  ),
  resumed: under(begins, 'Once `arrived = taken`, the server answers `resumed` with its `taken`.'),
  noGreeting: under(begins, 'anything else: a violation, of no session.'),
  sendsAgain: under(
    begins,
    'Each end sets `given` to `acknowledged` and sends what the other lacks: first its messages with the numbers up to `left`, in ' +
      'order, once more; then those that have not left.',
  ),
  ack: under(live, '**`ack`** MUST be sent, with `taken`, when `taken > told` and one of these is so'),
  ackNothing: under(live, 'It MUST NOT be sent when there is nothing to tell, so an idle connection stays idle.'),
  ackRange: under(
    live,
    'It MUST be that `acknowledged ≤ RECEIVED ≤ given`: an end can have taken only what this connection was given. An `ack` that ' +
      'repeats the last count is not wrong.',
  ),
  largest: under(
    'frames',
    'LARGEST is the size of the largest message that the server accepts: the payload of its WebSocket message, in bytes, with the ' +
      'U+0010 in front if there is one.',
  ),
  tooLarge: under(live, 'A server that gets one all the same closes with 1009.'),
  ping: under(live, '**`ping N`** MUST be answered by `pong` with the same number, soon.'),
  pings: under(live, 'When pings come faster than they can be answered, the last one is enough.'),
  pong: under(
    live,
    'A `pong` that nobody has asked for, or with a number that nobody has sent, is ignored, like an unsolicited pong of RFC 6455.',
  ),
  keeps: under(
    'a-connection-drops',
    'Both ends keep the session, however an end finds out, and whether or not the other end does.',
  ),
  end: under(
    'the-end',
    'The end that hears `end` sends no more messages. Once `arrived = taken` it sends an `ack` if `taken > told`, then `end`. It ' +
      'forgets the session.',
  ),
  earlyEnd: under('the-end', 'A client that is not yet answered MAY send `end` after its greeting'),
  violation: under(
    'violations',
    "A frame that can't be read, or that has no place where it comes, or a count that can't be, ends the connection: it is closed " +
      'with 1002 (protocol error) and a reason, and the session is over at the end that noticed.',
  ),
  firstFrame: under(
    'violations',
    "The exception is the first frame of a connection: it is not yet the session's, so only the connection is closed.",
  ),
  websocket: under('violations', 'as in RFC 6455: it would be the same on the next connection'),
  silent: under('violations', 'no first frame came in good time (10 s here)'),
  bounded: under('limits', 'What waits to be acknowledged MUST be bounded.'),
  fresh: under(
    'the-token',
    'It is 128 random bits from a cryptographic generator, made by the server, new for each session.',
  ),
  foreign: under(
    'the-token',
    'A server that knows its users binds it to the user that made the session, and gives it to nobody else: to others the session ' +
      'does not exist.',
  ),
  once: under(
    'what-is-promised',
    'each message that one app sends is received by the other app exactly once, and in the order in which it was sent, over any ' +
      'number of connections.',
  ),
} satisfies Record<string, Rule>;
