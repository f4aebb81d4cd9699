declare const Undrop: typeof import('undrop').Undrop;
declare const url: string;
