type In = { chat: { from: string; text: string }; whois: (query: { name: string }) => string };
type Out = {
  hello: undefined;
  say: { text: string };
  history: (query: { limit: number }) => string[];
  time: () => number;
};

declare const Undrop: typeof import('undrop/messages').Undrop;
declare const socket: import('undrop/messages').Undrop<In, Out>;
type ReplyError = import('undrop/messages').ReplyError;
declare const url: string;
declare const signal: AbortSignal;
declare const file: File;
declare function show(...what: unknown[]): void;
declare function save(data: ArrayBuffer | Blob): void;
declare function lookUp(name: string): Promise<string>;
declare function report(...what: unknown[]): void;
