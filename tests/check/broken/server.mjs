// A server of the session protocol that echoes, written from docs/protocol.md alone, and over the package ws: what passes the kit
// need not be ours. `faults` names what it does wrong.

import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

const ESCAPE = '\u0010';
const LARGEST = 65_536;
const MOST_UNACKNOWLEDGED = 16 << 20;
const TERMS = `1000 ${LARGEST}`;
const control = /^(?:(new|end)|(ack|ping|pong) (\d+)|resume ([0-9a-f]{32}) (\d+) (\d+) (\d+) (\d+))$/;

/** What can be wrong with it. */
export const faults = {
  acknowledgesTooMuch: 'acknowledges one message more than it has',
  neverAcknowledges: 'never sends an ack',
  forgetsOutbox: 'sends nothing again on another connection',
  sendsTwice: 'sends what is not acknowledged again, though the client has taken it',
  sendsOutOfOrder: 'sends again in reverse order',
  ignoresAttempt: 'takes a late resume for a new one',
  answersWrongCode: 'closes with 1008 after a violation',
  ignoresMalformed: 'ignores control frames that it does not know',
  acceptsZeros: 'accepts numbers with zeros in front',
  doesNotEscape: 'sends a text that begins with U+0010 as it is',
  doesNotUnescape: 'leaves the second U+0010 on a text that it receives',
  acceptsForeignToken: 'gives a session to any user who has its token',
  forgetsWhenClosed: 'ends a session when its connection is closed',
  keepsBoth: 'does not close the connection that a session was on before',
  neverLoses: 'resumes a session for a client that knows more than the server',
  selectsAnything: 'selects the first subprotocol that is offered',
  neverPongs: 'does not answer pings',
  endsAtOnce: 'closes without an end of its own',
  tokenAgain: 'has one token for all sessions',
  acceptsAnySize: 'accepts messages of any size',
  closesTheSilentWell: 'closes a connection that is silent with 1000',
  keepsEverything: 'keeps whatever is not acknowledged',
};

/**
 * Serves on a port of its own. `greeting` is how long a client may be silent, in milliseconds, and `answer` what its app sends back to
 * a message: nothing if that is undefined.
 */
export async function serve(chosen, { greeting = 10_000, answer = (message) => message } = {}) {
  const has = Object.fromEntries(Object.keys(faults).map((name) => [name, chosen.includes(name)]));
  const sessions = new Map();
  const http = createServer((_, response) => response.writeHead(426).end());
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: has.acceptsAnySize ? 0 : LARGEST,
    handleProtocols: (offered) => (has.selectsAnything ? [...offered][0] : 'undrop.1'),
  });
  http.on('upgrade', (request, stream, head) => {
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(/, */);
    if (!offered.includes('undrop.1') && !(has.selectsAnything && offered[0]))
      return stream.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
    sockets.handleUpgrade(request, stream, head, (socket) => connect(socket, request.headers.cookie));
  });

  function connect(socket, user) {
    let session;
    const timer = setTimeout(
      () => socket.close(has.closesTheSilentWell ? 1000 : 4001, 'no greeting in time'),
      greeting,
    );
    const say = (text) => socket.send(ESCAPE + text);
    const violation = (reason) => {
      if (session) end(session);
      session = undefined;
      socket.close(has.answersWrongCode ? 1008 : 1002, reason);
    };
    const isMine = () => session?.socket === socket;

    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      if (session && isMine() && has.forgetsWhenClosed) end(session);
    });
    socket.on('message', (data, isBinary) => {
      if (socket.readyState !== socket.OPEN || (session && !isMine() && !has.keepsBoth)) return;
      const text = isBinary ? undefined : data.toString();
      const isMessage = isBinary || !text.startsWith(ESCAPE) || text[1] === ESCAPE;
      if (!session) {
        clearTimeout(timer);
        return isMessage ? violation('no greeting') : greet(text.slice(1));
      }
      if (!isMessage) return hear(text.slice(1));
      const isEscaped = text?.startsWith(ESCAPE) && !has.doesNotUnescape;
      take(isBinary ? data : isEscaped ? text.slice(1) : text);
    });

    function greet(text) {
      const found = parse(text);
      if (found?.name === 'new') return begin('');
      if (found?.name !== 'resume') return violation('no greeting');
      const known = sessions.get(found.token);
      if (!known || (known.user !== user && !has.acceptsForeignToken)) return begin('');
      const isLost =
        found.answered > known.attempt ||
        ((found.received > known.left || found.acknowledged > known.taken) && 'counts');
      const isLate = found.attempt <= known.attempt && !has.ignoresAttempt;
      if (!has.neverLoses && isLost === true) return begin(' lost');
      if (isLate) return socket.close(4000, 'late');
      if (!has.neverLoses && isLost) return begin(' lost');
      if (found.received < known.acknowledged) return violation('resume of the past');
      if (!has.keepsBoth) known.socket.close(4000, 'taken over');
      session = known;
      forget(found.received);
      Object.assign(session, { socket, attempt: found.attempt, told: session.taken });
      say(`resumed ${session.taken} ${TERMS}`);
      if (has.forgetsOutbox) session.outbox = [];
      if (has.sendsOutOfOrder) session.outbox.reverse();
      if (has.sendsTwice) session.outbox.unshift(...session.last);
      for (const message of session.outbox) send(message);
    }

    function begin(isLost) {
      const token = has.tokenAgain ? 'ab'.repeat(16) : randomBytes(16).toString('hex');
      const counts = { taken: 0, told: 0, acknowledged: 0, left: 0, attempt: 0 };
      session = { token, user, socket, outbox: [], last: [], bytes: 0, ...counts };
      sessions.set(token, session);
      say(`welcome ${token} 60000 ${TERMS}${isLost}`);
    }

    function hear(text) {
      const found = parse(text);
      if (!found && has.ignoresMalformed) return;
      if (!found) return violation('not a control frame');
      if (found.name === 'ping') return has.neverPongs || say(`pong ${found.number}`);
      if (found.name === 'pong') return;
      if (found.name === 'end') return hearEnd();
      if (found.name !== 'ack') return violation('unexpected control frame');
      if (found.number > session.left) return violation('ack of the future');
      if (found.number < session.acknowledged) return violation('ack of the past');
      forget(found.number);
    }

    function hearEnd() {
      end(session);
      if (has.endsAtOnce) return socket.close(1000);
      if (session.taken > session.told) say(`ack ${session.taken}`);
      say('end');
    }

    function take(message) {
      session.taken++;
      if (!has.neverAcknowledges && session.taken - session.told === 1) setTimeout(acknowledge, 200);
      if (session.taken - session.told === 32) acknowledge();
      const reply = answer(message);
      if (reply === undefined) return;
      session.outbox.push(reply);
      session.left++;
      session.bytes += reply.length;
      session.last = [reply];
      send(reply);
      if (session.bytes > MOST_UNACKNOWLEDGED && !has.keepsEverything) {
        end(session);
        say('end');
      }
    }

    function acknowledge() {
      if (has.neverAcknowledges || !isMine() || !sessions.has(session.token) || session.taken === session.told) return;
      session.told = session.taken;
      say(`ack ${session.told + (has.acknowledgesTooMuch ? 1 : 0)}`);
    }

    function forget(received) {
      for (const message of session.outbox.splice(0, received - session.acknowledged)) session.bytes -= message.length;
      session.acknowledged = received;
    }

    function send(message) {
      const isEscaped = typeof message === 'string' && message.startsWith(ESCAPE) && !has.doesNotEscape;
      socket.send(isEscaped ? ESCAPE + message : message);
    }
  }

  const end = (session) => sessions.delete(session.token);

  function parse(text) {
    const found = control.exec(text);
    if (!found) return undefined;
    const [, word, name, number, token, ...counts] = found;
    const numbers = [number, ...counts].filter(Boolean);
    const isSpelled = numbers.every((each) => has.acceptsZeros || String(Number(each)) === each);
    if (!isSpelled || numbers.some((each) => Number(each) > Number.MAX_SAFE_INTEGER)) return undefined;
    if (!token) return { name: word ?? name, number: Number(number) };
    const [received, acknowledged, attempt, answered] = counts.map(Number);
    if (attempt >= 2 ** 32 || answered >= 2 ** 32) return undefined;
    return { name: 'resume', token, received, acknowledged, attempt, answered };
  }

  await new Promise((resolve) => http.listen(0, '127.0.0.1', resolve));
  return {
    url: `ws://127.0.0.1:${http.address().port}/room`,
    async stop() {
      for (const socket of sockets.clients) socket.terminate();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}
