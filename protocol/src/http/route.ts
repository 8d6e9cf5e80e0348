import type { Static, TObject, TSchema } from 'typebox';
import type { ParamNames } from '../channels/topic.ts';
import type { Scope } from './scopes.ts';

/** One row of the HTTP contract. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Path with `{names}`. */
  readonly path: string;
  /** `open` answers without a token; `sign-in` takes a one-time sign-in code. */
  readonly scope: Scope | 'open' | 'sign-in';
  readonly query?: TObject;
  /** JSON body, or `bytes` for `application/octet-stream`. */
  readonly body?: TSchema | 'bytes';
  /** JSON answer, `bytes`, or `events` for a stream of server-sent events. */
  readonly response: TSchema | 'bytes' | 'events';
  /** Media type of a `bytes` answer, where it is always the same. */
  readonly contentType?: string;
  readonly summary: string;
  readonly tag: string;
}

type Of<S> = S extends 'bytes'
  ? Uint8Array
  : S extends 'events' | undefined
    ? undefined
    : S extends TSchema
      ? Static<S>
      : undefined;
type Optional<R, K extends string> = R extends Record<K, infer S> ? Of<S> : undefined;

/** What a caller gives to a route. */
export type RouteArgs<R extends Route> = {
  readonly params: { readonly [K in ParamNames<R['path']>]: string };
  readonly query: Optional<R, 'query'>;
  readonly body: Optional<R, 'body'>;
};

/** What a route answers. */
export type RouteAnswer<R extends Route> = Of<R['response']>;

/** The path and query of a call. */
export function routeUrl(
  route: Route,
  params: Readonly<Record<string, string>> = {},
  query: Readonly<Record<string, unknown>> = {},
): string {
  const path = route.path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(params[name] ?? ''),
  );
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) search.set(name, String(value));
  }
  const text = search.toString();
  return text === '' ? path : `${path}?${text}`;
}
