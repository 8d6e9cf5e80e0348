import type { RouteAnswer, RouteArgs, RouteName, Routes, Scope } from '@edgewise/protocol/http';

/** Who calls, for the record. */
export interface Caller {
  /** Name of the token, or `anonymous` on open routes. */
  readonly name: string;
  readonly scope: Scope | 'open';
}

/** One route's work: trusted arguments in, answer out, `FleetError` for everything else. */
export type Handler<K extends RouteName> = (
  args: RouteArgs<Routes[K]>,
  context: { readonly caller: Caller; readonly signal: AbortSignal },
) => Promise<RouteAnswer<Routes[K]>>;

/** Handlers of some routes. Each domain offers its own; the API joins them and knows no domain. */
export type Handlers<K extends RouteName = RouteName> = { readonly [N in K]: Handler<N> };
