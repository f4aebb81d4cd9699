// The examples of the two classes, which have one name; that of the first is also of the second.
declare const Undrop: typeof import('undrop/messages').Undrop;
