// An option that is undefined is not there, so TypeScript lets it be undefined under `exactOptionalPropertyTypes`, in each entry.

import type { Handlers, RedisStore, Sessions, TypedMessages } from 'undrop/server';
import type { WebSocketServerOptions } from 'undrop/server/ws';
import { same } from '../same';
import type { NotUnset } from '../unset';

type OptionsOf<Class extends abstract new (...given: never) => unknown> = ConstructorParameters<Class>[0];
same<NotUnset<Omit<NonNullable<OptionsOf<typeof Sessions>>, 'store'>>, never>(true);
same<NotUnset<OptionsOf<typeof TypedMessages>>, never>(true);
same<NotUnset<ConstructorParameters<typeof RedisStore>[1]>, never>(true);
// A table of handlers may be missing. A handler that is undefined is a mistake.
same<NotUnset<Handlers<Record<never, never>, { time: () => number }>>, 'binary'>(true);
// Those of ws are not ours.
same<NotUnset<Omit<NonNullable<WebSocketServerOptions['sessions']>, 'store'>>, never>(true);
const options: WebSocketServerOptions = { noServer: true, sessions: undefined };

export { options };
