type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Takes `true` for two types that are the same, and `false` for two that are not. */
export const same = <A, B>(_: Same<A, B>) => {};
