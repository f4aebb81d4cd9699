// What has come, in words.

import { spelled } from './frames.js';
import type { Item, Message } from './item.js';
import type { Answer } from './websocket.js';

const LONGEST = 60;

export const shortened = (text: string): string => {
  const visible = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"');
  return visible.length > LONGEST ? `${visible.slice(0, LONGEST)}... (${text.length} characters)` : visible;
};

export const describe = (message: Message): string => {
  if (typeof message === 'string') return `"${shortened(message)}"`;
  return message.length > 16 ? `${message.length} bytes` : `bytes [${message.toString('hex')}]`;
};

export function describeItem(item: Item): string {
  switch (item.kind) {
    case 'message':
      return `the message ${describe(item.message)}`;
    case 'control':
      return spelled(item.control);
    case 'websocket-pong':
      return 'a pong of WebSocket';
    case 'close':
      return `a close frame with ${item.code ?? 'no code'}${item.reason ? ` "${item.reason}"` : ''}`;
    case 'gone':
      return item.why;
    default:
      return 'nothing';
  }
}

export function describeAnswer(answer: Answer): string {
  switch (answer.kind) {
    case 'accepted':
      return `status 101 that selects ${answer.protocol ?? 'no subprotocol'}`;
    case 'refused':
      return `status ${answer.status}`;
    default:
      return answer.why;
  }
}
