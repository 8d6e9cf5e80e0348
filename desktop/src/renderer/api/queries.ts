import type { RouteAnswer, RouteName, Routes } from '@edgewise/protocol/http';
import { queryOptions } from '@tanstack/react-query';
import type { CallArgs, Client } from './client.ts';

/** Under which key the answer of a call is kept: route, path parameters, query. */
export function queryKey<N extends RouteName>(name: N, args?: CallArgs<N>) {
  return [name, args?.params ?? {}, args?.query ?? {}] as const;
}

/** How TanStack Query fetches and keeps the answer of a route. */
export function query<N extends RouteName>(client: Client, name: N, args: CallArgs<N>) {
  return queryOptions({
    queryKey: queryKey(name, args),
    queryFn: ({ signal }): Promise<RouteAnswer<Routes[N]>> => client.call(name, args, signal),
  });
}
