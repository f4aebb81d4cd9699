// The browser fires its events at its own socket; the page listens to ours, and has to find it in them. A new event
// for each would double the cost of a message and not be trusted. So the native event gets another prototype, on
// which the few members that name a target are ours. A property of its own would cost as much again.

/** The browser's sockets that stand behind one of ours, which may be gone. */
const owners = new WeakMap<EventTarget, WeakRef<EventTarget>>();

/** From each class's prototype to the one that takes its place, and from that to itself. */
const faces = new WeakMap<object, object>();

/** The prototype that was asked for last, nearly always that of messages, and its face. */
let known: object | undefined;
let face: object;

/** What the message that a listener is hearing holds. To read that takes the browser as long as all that is done here. */
let heard: MessageEvent | undefined;
let data: unknown;

const getterOf = (prototype: object, name: string) => Object.getOwnPropertyDescriptor(prototype, name)?.get;

const shown = (target: EventTarget | null | undefined) =>
  target && owners.has(target) ? owners.get(target)?.deref() : target;

// Literals, since what is built by `defineProperty` or `Object.create` is slower in Chromium for as long as it is there.
const makeFace = (prototype: object) => {
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
      return shown(target?.call(this));
    },
    get currentTarget() {
      return shown(currentTarget?.call(this));
    },
    get srcElement() {
      return shown(target?.call(this));
    },
    composedPath() {
      return Event.prototype.composedPath.call(this).map(shown);
    },
  };
};

/** From now on events at this target are shown as their owner's. */
export const hide = (target: EventTarget, owner: WeakRef<EventTarget>) => {
  owners.set(target, owner);
};

/** Makes its owner the target of an event at a hidden one. False if it already was, or if that can't be. */
export const show = (event: Event): boolean => {
  const prototype = Object.getPrototypeOf(event) as object;
  if (prototype !== known) {
    known = prototype;
    face = faces.get(prototype) ?? makeFace(prototype);
    faces.set(prototype, face).set(face, face);
  }
  if (face === prototype) return false;
  if ('data' in event) {
    heard = event as MessageEvent;
    data = heard.data;
  }
  return Reflect.setPrototypeOf(event, face);
};

/** The listener is through with it: what it holds is not to be kept. */
export const forget = () => {
  heard = data = undefined;
};
