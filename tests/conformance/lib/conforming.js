/** The class of an entry with `retry: false` in each call, which is all that a page has to say to get the plain standard. */
export function conforming(Undrop) {
  const Conforming = new Proxy(Undrop, {
    construct(target, args, newTarget) {
      const completed = args.length === 0 ? [] : [args[0], args[1], { retry: false }];
      return Reflect.construct(target, completed, newTarget === Conforming ? target : newTarget);
    },
  });
  // `socket.constructor` is the class that the page knows.
  Undrop.prototype.constructor = Conforming;
  return Conforming;
}
