/** What has no options in it. */
type Leaf = { readonly aborted: boolean } | readonly unknown[] | ((...given: never) => unknown);

/** The members that name a table of the app's own, whose members are no options. */
type Table = 'incoming' | 'outgoing' | 'replies';

/**
 * The names of the options, in all groups of them, that may be missing and not `undefined`: under `exactOptionalPropertyTypes`
 * an app could not pass on a setting that it may not have.
 */
export type NotUnset<Options> = Options extends Leaf
  ? never
  : Options extends object
    ? { [Name in keyof Options]-?: NotUnsetOf<Options, Name> }[keyof Options]
    : never;

type NotUnsetOf<Options, Name extends keyof Options> =
  | (Record<never, never> extends Pick<Options, Name>
      ? undefined extends Required<Options>[Name]
        ? never
        : Name
      : never)
  | (Name extends Table ? never : NotUnset<Options[Name]>);
