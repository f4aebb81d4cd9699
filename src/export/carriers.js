// What the numbers stand for by which the module knows its carriers, and the way to them: `npm/carrier.ts`.

/** The carriers whose lines are not over. Nothing else keeps alive what a page listens with. */
export const carriers = new Map();

export const act = (carrier, what, detail) => carriers.get(carrier)?.act(what, detail);

export const lose = (carrier, ...drop) => carriers.get(carrier)?.lose(...drop);
