import type { RouteAnswer, RouteName, Routes } from '@edgewise/protocol/http';
import { type UseQueryResult, useQuery } from '@tanstack/react-query';
import { createContext, useContext, useSyncExternalStore } from 'react';
import type { CallArgs, Client } from './client.ts';
import type { Live, LiveStatus } from './live.ts';
import { query } from './queries.ts';

/** What a screen can reach of the hub. */
export interface Api {
  readonly client: Client;
  /** A client with another credential, for signing in. */
  readonly withToken: (token: string) => Client;
  readonly live: Live;
}

const ApiContext = createContext<Api | undefined>(undefined);

/** Gives the hub to the screens below. */
export const ApiProvider = ApiContext.Provider;

/** The hub's client and event stream. */
export function useApi(): Api {
  const api = useContext(ApiContext);
  if (!api) throw new Error('useApi needs an ApiProvider above it.');
  return api;
}

/** Whether the event stream is open, and since when. */
export function useLiveStatus(): LiveStatus {
  const { live } = useApi();
  return useSyncExternalStore(live.subscribe, live.status);
}

interface AskOptions {
  readonly enabled?: boolean;
  readonly refetchMs?: number;
}

/** The answer of a route, fetched once and kept up to date by live events. */
export function useAsk<N extends RouteName>(
  name: N,
  args: CallArgs<N>,
  options: AskOptions = {},
): UseQueryResult<RouteAnswer<Routes[N]>> {
  const { client } = useApi();
  return useQuery({
    ...query(client, name, args),
    enabled: options.enabled ?? true,
    refetchInterval: options.refetchMs ?? false,
  }) as UseQueryResult<RouteAnswer<Routes[N]>>;
}
