declare const Undrop: typeof import('undrop').Undrop;
declare const socket: import('undrop').Undrop;
