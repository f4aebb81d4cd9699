declare const socket: import('undrop/session').Undrop;
declare const signal: AbortSignal;
