declare const socket: import('undrop').Undrop;
