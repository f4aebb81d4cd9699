// The browser fires its events at the native socket; the page listens to ours, and has to find it in them. A new event
// for each would double the cost of a message and not be trusted. So the native event gets another prototype, on which
// the few members that name a target are ours. A property of its own would cost as much as the new event.

/** Our sockets by the native sockets behind them. Ours may be gone. */
const sockets = new WeakMap<EventTarget, WeakRef<EventTarget>>();

/** From the prototype of each class of events to the one that takes its place, and from that to itself. */
const replacements = new WeakMap<object, object>();

/** The prototype that was looked up last, nearly always that of messages, and its replacement. */
let known: object | undefined;
let replacement: object;

/** The message that a listener is hearing, and its data: reading it takes the browser as long as all that is done here. */
let heard: MessageEvent | undefined;
let data: unknown;

const getterOf = (prototype: object, name: string) => Object.getOwnPropertyDescriptor(prototype, name)?.get;

const ours = (target: EventTarget | null | undefined) =>
  target && sockets.has(target) ? sockets.get(target)?.deref() : target;

// Literals, since what is built by `defineProperty` or `Object.create` is slower in Chromium for as long as it exists.
const replace = (prototype: object) => {
  const target = getterOf(Event.prototype, 'target');
  const currentTarget = getterOf(Event.prototype, 'currentTarget');
  const nativeData = getterOf(prototype, 'data');
  return {
    __proto__: nativeData
      ? {
          __proto__: prototype,
          get data() {
            return heard === (this as unknown) ? data : nativeData.call(this);
          },
        }
      : prototype,
    get target() {
      return ours(target?.call(this));
    },
    get currentTarget() {
      return ours(currentTarget?.call(this));
    },
    get srcElement() {
      return ours(target?.call(this));
    },
    composedPath() {
      return Event.prototype.composedPath.call(this).map(ours);
    },
  };
};

/** From now on the events at this native socket name ours as their target. */
export const represent = (native: EventTarget, socket: WeakRef<EventTarget>) => {
  sockets.set(native, socket);
};

/** Makes our socket the target of an event at the native one. False if it was already, or if that can't be. */
export const retarget = (event: Event): boolean => {
  const prototype = Object.getPrototypeOf(event) as object;
  if (prototype !== known) {
    known = prototype;
    replacement = replacements.get(prototype) ?? replace(prototype);
    replacements.set(prototype, replacement).set(replacement, replacement);
  }
  if (replacement === prototype) return false;
  if ('data' in event) {
    heard = event as MessageEvent;
    data = heard.data;
  }
  return Reflect.setPrototypeOf(event, replacement);
};

/** The listener has returned: the data of its message is not kept. */
export const forget = () => {
  heard = data = undefined;
};
