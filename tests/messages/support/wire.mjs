// The other end of `Messages`, in place of a socket: keeps what is sent, and says what arrives.

import { Registry } from '../../../src/messages/registry.js';

/** What the handlers have thrown, since Node has no `reportError`. */
export const reported = [];
globalThis.reportError = (error) => reported.push(error);

/** `messages` with a wire: `sent` and `complaints` tell what it did. */
export function connect(options = {}) {
  const wire = {
    sent: [],
    complaints: [],
    /** What it was told by `listen`, in order. */
    listening: [],
    /** What waits while the line is down: `{ frame, told }`. */
    queue: [],
    isUp: true,
    refusal: undefined,
    /** The line is back: what has waited leaves. */
    up() {
      wire.isUp = true;
      for (const { frame, told } of wire.queue.splice(0)) {
        wire.sent.push(frame);
        told?.('sent');
      }
    },
    /** What has waited won't leave, and is told why. */
    giveUp(fate) {
      for (const { told } of wire.queue.splice(0)) told?.(fate);
    },
  };
  const messages = new Registry(options, {
    post(frame, told) {
      if (wire.refusal) throw wire.refusal;
      if (wire.isUp) {
        wire.sent.push(frame);
        return;
      }
      const waiting = { frame, told };
      wire.queue.push(waiting);
      return () => {
        wire.queue = wire.queue.filter((one) => one !== waiting);
      };
    },
    invalid: (complaint) => wire.complaints.push(complaint),
    listen: (active) => wire.listening.push(active),
    describe: (outcome) => `it is ${outcome}`,
  });
  return Object.assign(wire, {
    messages,
    /** What was sent, parsed. */
    parsed: () => wire.sent.map((frame) => JSON.parse(frame)),
    /** A message arrives, as JSON unless it is text already. As with a socket, it is heard only if it was asked for. */
    arrive(message) {
      if (wire.listening.at(-1)) messages.receive(typeof message === 'string' ? message : JSON.stringify(message));
    },
    /** What handlers of the type are given, from now on. */
    heard(type) {
      const heard = [];
      messages.on(type, (data) => heard.push(data));
      return heard;
    },
  });
}

/** A schema that the test decides about: `validate(value)` returns, throws or promises what one may. */
export const schema = (validate) => ({ '~standard': { version: 1, vendor: 'test', validate } });

/** A schema whose answers come when the test says so: `answers[0]({ value })`. */
export function slowSchema() {
  const answers = [];
  const slow = schema(() => new Promise((resolve) => answers.push(resolve)));
  return { slow, answers };
}

/** Until all that was promised so far has been heard. */
export const settled = () => new Promise((resolve) => setImmediate(resolve));
