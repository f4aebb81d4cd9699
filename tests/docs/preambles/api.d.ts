// The examples of the classes, which have one name; what those of the others can is what the last one can, too.
declare const Undrop: typeof import('undrop/all').Undrop;
