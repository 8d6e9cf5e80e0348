import { FleetError, isCode } from '@edgewise/protocol/errors';
import {
  type Route,
  type RouteAnswer,
  type RouteArgs,
  type RouteName,
  type Routes,
  routes,
  routeUrl,
} from '@edgewise/protocol/http';

type Params<N extends RouteName> = RouteArgs<Routes[N]>['params'];

/** What a call to a route needs. */
export type CallArgs<N extends RouteName> = (keyof Params<N> extends never
  ? { readonly params?: undefined }
  : { readonly params: Params<N> }) & {
  readonly query?: RouteArgs<Routes[N]>['query'];
  readonly body?: RouteArgs<Routes[N]>['body'];
};

/** The hub's HTTP API. Every failure is a `FleetError` with the code of the hub's problem document. */
export interface Client {
  call<N extends RouteName>(
    name: N,
    args: CallArgs<N>,
    signal?: AbortSignal,
  ): Promise<RouteAnswer<Routes[N]>>;
  /** The open event stream, resumed after `lastEventId` unless that is empty. */
  events(lastEventId: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array>>;
}

interface ClientOptions {
  /** Where the hub answers; empty for the page's own origin. */
  readonly baseUrl: string;
  /** Credential of every call; undefined before sign-in. */
  readonly token: () => string | undefined;
  readonly fetch: typeof fetch;
}

/** A client that signs in with a bearer token. */
export function createClient(options: ClientOptions): Client {
  const send = async (
    name: RouteName,
    args: AnyArgs,
    headers: Record<string, string>,
    signal?: AbortSignal,
  ) => {
    const route: Route = routes[name];
    const response = await attempt(
      options.fetch(options.baseUrl + routeUrl(route, args.params, args.query), {
        method: route.method,
        headers: {
          ...authorization(options.token()),
          ...contentType(route, args.body),
          ...headers,
        },
        ...(args.body !== undefined && { body: bodyOf(route, args.body) }),
        ...(signal && { signal }),
      }),
    );
    if (!response.ok) throw await problemError(response);
    return response;
  };

  return {
    async call(name, args, signal) {
      const response = await send(name, args as AnyArgs, {}, signal);
      const answer =
        routes[name].response === 'bytes'
          ? new Uint8Array(await attempt(response.arrayBuffer()))
          : await attempt(response.json());
      return answer as never;
    },
    async events(lastEventId, signal) {
      const resume = lastEventId === '' ? {} : { 'last-event-id': lastEventId };
      const response = await send('events', {}, { accept: 'text/event-stream', ...resume }, signal);
      if (!response.body) throw new FleetError('unavailable', 'The event stream has no body.');
      return response.body;
    },
  };
}

interface AnyArgs {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

function authorization(token: string | undefined): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

function contentType(route: Route, body: unknown): Record<string, string> {
  if (body === undefined) return {};
  return {
    'content-type': route.body === 'bytes' ? 'application/octet-stream' : 'application/json',
  };
}

function bodyOf(route: Route, body: unknown): BodyInit {
  return route.body === 'bytes' ? (body as Uint8Array<ArrayBuffer>) : JSON.stringify(body);
}

/** A network failure has no code of its own in a browser: it is a `TypeError`. */
async function attempt<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (thrown) {
    if (thrown instanceof TypeError)
      throw new FleetError('unavailable', 'The hub does not answer.', { cause: thrown });
    if (thrown instanceof SyntaxError)
      throw new FleetError('malformed', 'The hub answered with something that is not JSON.', {
        cause: thrown,
      });
    throw FleetError.from(thrown);
  }
}

/** Reads an RFC 9457 problem document; whatever else answered (a proxy, another program) is `unavailable`. */
async function problemError(response: Response): Promise<FleetError> {
  const body: unknown = await response.json().catch(() => undefined);
  const code = memberOf(body, 'code');
  const detail = memberOf(body, 'detail');
  if (isCode(code)) return new FleetError(code, typeof detail === 'string' ? detail : '');
  return new FleetError(
    'unavailable',
    `Something that is not a hub answered with status ${response.status}.`,
  );
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
