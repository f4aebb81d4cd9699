// The browser fires its events at its own socket; the page listens to ours, and has to find it in them. A new event
// for each would double the cost of a message and not be trusted. So the native event gets another prototype, on
// which the few members that name a target are ours.

const OWNER = Symbol();

interface Faced extends Event {
  [OWNER]?: EventTarget;
}

/** The browser's sockets that stand behind one of ours. */
const hidden = new WeakSet<EventTarget>();

/** From each class's prototype to the one that takes its place, and from that to itself. */
const faces = new WeakMap<object, object>();

const shown = (event: Faced, target: EventTarget | null | undefined) =>
  target && hidden.has(target) ? event[OWNER] : target;

const getter = (name: 'target' | 'currentTarget' | 'srcElement'): PropertyDescriptor => {
  const get = Object.getOwnPropertyDescriptor(Event.prototype, name)?.get;
  return {
    get(this: Faced) {
      return shown(this, get?.call(this));
    },
  };
};

const members = (): PropertyDescriptorMap => ({
  target: getter('target'),
  currentTarget: getter('currentTarget'),
  srcElement: getter('srcElement'),
  composedPath: {
    value(this: Faced) {
      return Event.prototype.composedPath.call(this).map((target) => shown(this, target));
    },
  },
});

/** From now on events at this target are shown as their owner's. */
export const hide = (target: EventTarget) => {
  hidden.add(target);
};

/** Makes `owner` the target of an event at one of its hidden targets. False if it already was. */
export const show = (event: Faced, owner: EventTarget): boolean => {
  if (event[OWNER] === owner || !Object.isExtensible(event)) return false;
  const prototype = Object.getPrototypeOf(event);
  let face = faces.get(prototype);
  if (!face) {
    face = Object.create(prototype, members()) as object;
    faces.set(prototype, face).set(face, face);
  }
  Object.setPrototypeOf(event, face);
  event[OWNER] = owner;
  return true;
};
