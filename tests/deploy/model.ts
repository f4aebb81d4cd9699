// What Grafana reads of a dashboard, as far as the one in deploy/ has it.

import type { Dashboard, Panel, RowPanel } from '@grafana/grafana-foundation-sdk/dashboard';
import type { Dataquery } from '@grafana/grafana-foundation-sdk/prometheus';
import type { Options as Stat } from '@grafana/grafana-foundation-sdk/stat';
import type { Options as TimeSeries } from '@grafana/grafana-foundation-sdk/timeseries';

/** In JSON, where the value of an enum is a text or a number. */
type Json<T> = T extends string
  ? `${T}`
  : T extends number
    ? number
    : T extends object
      ? { [Key in keyof T]: Json<T[Key]> }
      : T;

/** Grafana has a default for each option of a panel. */
type Defaulted<T> = T extends unknown[] ? T : T extends object ? { [Key in keyof T]?: Defaulted<T[Key]> } : T;

type OfType<Type, Options> = Omit<Panel, 'type' | 'options' | 'targets'> & {
  type: Type;
  options?: Defaulted<Options>;
  targets: Omit<Dataquery, '_implementsDataqueryVariant' | 'dataqueryName'>[];
};

type AnyPanel = RowPanel | OfType<'stat', Stat> | OfType<'timeseries', TimeSeries>;

export type Model = Json<Omit<Dashboard, 'panels'> & { panels: AnyPanel[] }>;
