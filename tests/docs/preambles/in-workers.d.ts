// What is global in a shared worker, beside what is in a page too.
declare var onconnect: ((event: MessageEvent) => void) | null;
