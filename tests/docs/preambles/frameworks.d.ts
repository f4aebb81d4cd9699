// As much of each framework as the page uses; and what an earlier block of the page has made.

declare module 'react' {
  type Update<T> = T | ((last: T) => T);
  export function useCallback<F extends (...args: never[]) => unknown>(callback: F, dependencies: unknown[]): F;
  export function useEffect(effect: () => unknown, dependencies?: unknown[]): void;
  export function useRef<T>(initial: T): { current: T };
  export function useState<T>(initial: T): [T, (update: Update<T>) => void];
  export function useSyncExternalStore<T>(
    subscribe: (changed: () => void) => () => void,
    read: () => T,
    readOnServer?: () => T,
  ): T;
}

declare module 'vue' {
  export function onMounted(hook: () => void): void;
  export function onScopeDispose(hook: () => void): void;
  export function shallowRef<T>(value: T): { value: T };
  export function shallowRef<T>(): { value: T | undefined };
}

declare module 'svelte/store' {
  export function readable<T>(
    value: T,
    start: (set: (value: T) => void) => () => void,
  ): { subscribe(run: (value: T) => void): () => void };
}

declare namespace JSX {
  interface IntrinsicElements {
    [element: string]: object;
  }
}

declare const useState: typeof import('react').useState;
declare function useUndrop(url: string): import('undrop').Undrop | null;
declare function useConnectionState(socket: import('undrop').Undrop | null): import('undrop').State;
declare function useMessages(socket: import('undrop').Undrop | null, hear: (data: unknown) => void): void;
