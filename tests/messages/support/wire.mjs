// Stands in for the socket of a `Registry`: keeps what is sent, and lets a test say what arrives.

import { Registry } from '../../../src/messages/registry.js';
import { exception } from '../../../src/socket/native.js';

/** What was reported; Node has no `reportError`. */
export const reported = [];
globalThis.reportError = (error) => reported.push(error);

/** A registry, `messages`, with a wire in place of its socket. No timer of a request outlives its test. */
export function connect(options = {}) {
  const wire = {
    sent: [],
    complaints: [],
    /** What `listen` was called with, in order. */
    listening: [],
    /** The messages that wait for a connection: `{ frame, told }`. */
    queue: [],
    isUp: true,
    /** What `post` throws. */
    refusal: undefined,
    /** Called with `told` before `post` returns, for a message that waits. */
    onQueued: undefined,
    /** There is a connection again: all messages that wait are sent. */
    up(outcome = 'sent') {
      wire.isUp = true;
      for (const { frame, told } of wire.queue.splice(0)) {
        wire.sent.push(frame);
        told?.(outcome);
      }
    },
    /** No message that waits will be sent. */
    giveUp(outcome) {
      for (const { told } of wire.queue.splice(0)) told?.(outcome);
    },
  };
  const messages = new Registry(
    { requestTimeout: Infinity, ...options },
    {
      post(frame, told) {
        if (wire.refusal) throw wire.refusal;
        if (wire.isUp) {
          wire.sent.push(frame);
          return;
        }
        const waiting = { frame, told };
        wire.queue.push(waiting);
        wire.onQueued?.(told);
        return () => {
          wire.queue = wire.queue.filter((one) => one !== waiting);
        };
      },
      invalid: (complaint) => wire.complaints.push(complaint),
      listen: (active) => wire.listening.push(active),
      describe: (outcome) => `the outcome is ${outcome}`,
      exception,
    },
  );
  return Object.assign(wire, {
    messages,
    /** The sent messages, parsed. */
    parsed: () => wire.sent.map((frame) => JSON.parse(frame)),
    /** A message arrives, as JSON unless it is text already. As with a socket, only while the registry listens. */
    arrive(message) {
      if (wire.listening.at(-1)) messages.receive(typeof message === 'string' ? message : JSON.stringify(message));
    },
    /** Returns a list to which the data of each message of the type is added. */
    heard(type) {
      const heard = [];
      messages.on(type, (data) => heard.push(data));
      return heard;
    },
  });
}

/** A Standard Schema with the given `validate`. */
export const schema = (validate) => ({ '~standard': { version: 1, vendor: 'test', validate } });

/** An asynchronous schema whose results the test gives: `answers[0]({ value })`. */
export function slowSchema() {
  const answers = [];
  const slow = schema(() => new Promise((resolve) => answers.push(resolve)));
  return { slow, answers };
}

/** Resolves when all promises that are settled by now have called their callbacks. */
export const settled = () => new Promise((resolve) => setImmediate(resolve));
