import { FleetError, isCode } from '@edgewise/protocol';
import {
  type LiveEvent,
  type Route,
  type RouteAnswer,
  type RouteArgs,
  type RouteName,
  type Routes,
  routes,
  routeUrl,
} from '@edgewise/protocol/http';

/** Parts of a call that this route has; parts it lacks may be left out. */
export type CallArgs<K extends RouteName> = {
  readonly [P in keyof RouteArgs<Routes[K]> as RouteArgs<Routes[K]>[P] extends undefined
    ? never
    : P]?: RouteArgs<Routes[K]>[P];
};

/** A hub over HTTP. Errors arrive as `FleetError` with the hub's code; `unavailable` when nobody answers. */
export interface Client {
  readonly url: string;
  call<K extends RouteName>(name: K, args?: CallArgs<K>): Promise<RouteAnswer<Routes[K]>>;
  /** Live events from now on, resumed when the connection breaks; ends when the signal aborts. */
  events(options: {
    readonly predictions?: boolean;
    readonly signal: AbortSignal;
    /** Told each time the stream stands: what happened before that can be asked for now. */
    readonly onOpen?: () => void;
  }): AsyncIterable<LiveEvent>;
}

/** A client of the hub at `url` with an API token. */
export function createClient(url: string, token: string | undefined): Client {
  const base = url.replace(/\/$/, '');
  const authorization = token === undefined ? undefined : `Bearer ${token}`;
  const request = (path: string, init: RequestInit) => send(base, path, init, authorization);
  return {
    url: base,
    async call(name, args = {}) {
      const route: Route = routes[name];
      const { params, query, body } = args as {
        params?: Record<string, string>;
        query?: Record<string, unknown>;
        body?: unknown;
      };
      const response = await request(routeUrl(route, params, query), {
        method: route.method,
        ...bodyOf(route, body),
      });
      if (route.response === 'bytes') return new Uint8Array(await response.arrayBuffer()) as never;
      return (await response.json()) as never;
    },
    events: ({ predictions, signal, onOpen }) =>
      followEvents(async (lastId) => {
        const response = await openEvents(request, { predictions, signal, lastId });
        onOpen?.();
        return response;
      }, signal),
  };
}

function bodyOf(route: Route, body: unknown): RequestInit {
  if (route.body === undefined) return {};
  if (route.body === 'bytes')
    return {
      body: body as Uint8Array<ArrayBuffer>,
      headers: { 'content-type': 'application/octet-stream' },
    };
  return { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
}

async function send(
  base: string,
  path: string,
  init: RequestInit,
  authorization: string | undefined,
): Promise<Response> {
  const headers = new Headers(init.headers);
  if (authorization !== undefined) headers.set('authorization', authorization);
  let response: Response;
  try {
    response = await fetch(base + path, { ...init, headers });
  } catch (cause) {
    if (init.signal?.aborted) throw new FleetError('canceled', 'It was called off.', { cause });
    throw unreachable(base, cause);
  }
  if (response.ok) return response;
  throw await problemOf(response);
}

const untrusted: ReadonlySet<unknown> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** Why `fetch` gave up; it keeps the reason in the cause of what it throws. */
function unreachable(base: string, thrown: unknown): FleetError {
  const { cause } = thrown as { readonly cause?: { readonly code?: unknown } };
  if (untrusted.has(cause?.code)) {
    return new FleetError(
      'unauthenticated',
      `The certificate at ${base} is the hub's own; give its key with --fingerprint or EDGEWISE_FINGERPRINT, as "edgewise hub" printed it.`,
      { cause: thrown },
    );
  }
  if (cause?.code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return new FleetError(
      'unauthenticated',
      `The certificate at ${base} is for other names; use an address or the host name of the hub's machine.`,
      { cause: thrown },
    );
  }
  return new FleetError(
    'unavailable',
    `No hub answers at ${base}. Start one with "edgewise hub", or name yours with --hub.`,
    { cause: thrown },
  );
}

async function problemOf(response: Response): Promise<FleetError> {
  const problem = (await response.json().catch(() => ({}))) as { code?: unknown; detail?: unknown };
  const code = isCode(problem.code) ? problem.code : 'internal';
  const detail =
    typeof problem.detail === 'string' ? problem.detail : `The hub answered ${response.status}.`;
  return new FleetError(code, detail);
}

interface OpenOptions {
  readonly predictions: boolean | undefined;
  readonly signal: AbortSignal;
  readonly lastId: string | undefined;
}

function openEvents(
  request: (path: string, init: RequestInit) => Promise<Response>,
  { predictions, signal, lastId }: OpenOptions,
): Promise<Response> {
  return request(routeUrl(routes.events, {}, { predictions }), {
    method: 'GET',
    signal,
    ...(lastId !== undefined && { headers: { 'last-event-id': lastId } }),
  });
}

const reconnectMs = 1000;

/** Reads server-sent events (WHATWG HTML 9.2.6) and opens the stream again after the last id it saw. */
async function* followEvents(
  open: (lastId: string | undefined) => Promise<Response>,
  signal: AbortSignal,
): AsyncIterable<LiveEvent> {
  let lastId: string | undefined;
  let connected = false;
  while (!signal.aborted) {
    try {
      const response = await open(lastId);
      connected = true;
      for await (const { id, data } of messagesOf(response)) {
        lastId = id ?? lastId;
        yield JSON.parse(data) as LiveEvent;
      }
    } catch (thrown) {
      if (signal.aborted) return;
      const error = FleetError.from(thrown);
      const broken = error.code === 'unavailable' || !(thrown instanceof FleetError);
      if (!connected || !broken) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, reconnectMs));
  }
}

async function* messagesOf(
  response: Response,
): AsyncIterable<{ readonly id: string | undefined; readonly data: string }> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    const blocks = (rest + decoder.decode(chunk, { stream: true })).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const field = (name: string) => new RegExp(`^${name}: ?(.*)$`, 'm').exec(block)?.[1];
      const data = field('data');
      if (data !== undefined) yield { id: field('id'), data };
    }
  }
}
