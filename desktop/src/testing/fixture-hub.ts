import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { documentReader } from '@edgewise/protocol';
import { FleetError } from '@edgewise/protocol/errors';
import {
  LiveEvent,
  problemOf,
  type Route,
  type RouteName,
  routes,
  type Scope,
} from '@edgewise/protocol/http';
import { createFixtureFleet, type FixtureFleet } from './fixture-fleet.ts';

/** A hub made of fixtures: the routes of the contract, an event stream that resumes, and the pages. */
export interface FixtureHub extends AsyncDisposable {
  readonly url: string;
  /** A link that signs in by itself. */
  readonly signInUrl: string;
  readonly fleet: FixtureFleet;
  /** Everything that was asked for, `GET /api/v1/status` and so on. */
  readonly requests: readonly string[];
  publish(event: LiveEvent): void;
  /** Ends every event stream, as a restart would; new ones are refused until `resume`. */
  breakStreams(): void;
  resume(): void;
}

export interface FixtureHubOptions {
  readonly pages: string;
  readonly scope?: Scope;
  readonly empty?: boolean;
  readonly swept?: boolean;
  readonly copies?: number;
  /** Routes that fail with this code. */
  readonly failing?: Partial<Record<RouteName, FleetError>>;
  readonly nowMs?: number;
}

const contentSecurityPolicy =
  "default-src 'self'; img-src 'self' blob: data:; style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";

/** Starts a fixture hub on a free port of the loopback. Every answer and event is checked against its schema. */
export async function startFixtureHub(options: FixtureHubOptions): Promise<FixtureHub> {
  const requests: string[] = [];
  const streams = createStreams();
  const fleet = createFixtureFleet({
    nowMs: options.nowMs ?? Date.now(),
    scope: options.scope ?? 'admin',
    publish: streams.publish,
    empty: options.empty ?? false,
    swept: options.swept ?? true,
    copies: options.copies ?? 1,
  });
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    serve(request, response).catch((thrown: unknown) => fail(response, FleetError.from(thrown)));
  });

  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    const match = matchRoute(request.method ?? 'GET', url.pathname);
    if (!match) return servePage(url.pathname, response, options.pages);
    authorize(match.route, request.headers.authorization);
    const failure = options.failing?.[match.name];
    if (failure) throw failure;
    if (match.name === 'events') return streams.open(request, response);
    const handler = fleet.handlers[match.name] as ((args: unknown) => unknown) | undefined;
    if (!handler) throw new FleetError('unsupported', `The fixture hub has no ${match.name}.`);
    const answer = handler({
      params: match.params,
      query: queryOf(url),
      body: await bodyOf(request),
    });
    if (answer instanceof Uint8Array) return send(response, answer, 'image/png');
    return send(response, checked(match.route, answer), 'application/json');
  };

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    signInUrl: `${url}/#/signin?code=0123456789`,
    fleet,
    requests,
    publish: streams.publish,
    breakStreams: streams.break,
    resume: streams.resume,
    async [Symbol.asyncDispose]() {
      streams.break();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const readEvent = documentReader(LiveEvent);

function createStreams() {
  const open = new Set<ServerResponse>();
  const log: string[] = [];
  let broken = false;
  const frame = (id: number) => `id: ${id}\ndata: ${log[id - 1]}\n\n`;
  return {
    open(request: IncomingMessage, response: ServerResponse) {
      if (broken) throw new FleetError('unavailable', 'The hub is starting.');
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      response.write(':\n\n');
      const last = request.headers['last-event-id'];
      for (let id = Number(last ?? log.length) + 1; id <= log.length; id += 1)
        response.write(frame(id));
      open.add(response);
      response.once('close', () => open.delete(response));
    },
    publish(event: LiveEvent) {
      const bytes = new TextEncoder().encode(JSON.stringify(event));
      log.push(JSON.stringify(readEvent(bytes, Number.POSITIVE_INFINITY)));
      for (const response of open) response.write(frame(log.length));
    },
    break() {
      broken = true;
      for (const response of open) response.destroy();
    },
    resume() {
      broken = false;
    },
  };
}

interface Match {
  readonly name: RouteName;
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

function matchRoute(method: string, pathname: string): Match | undefined {
  for (const name of Object.keys(routes) as RouteName[]) {
    const route: Route = routes[name];
    const pattern = route.path.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)');
    const found = route.method === method ? new RegExp(`^${pattern}$`).exec(pathname) : null;
    if (found) return { name, route, params: { ...found.groups } };
  }
  return undefined;
}

function authorize(route: Route, header: string | undefined): void {
  if (route.scope === 'open') return;
  const wanted = route.scope === 'sign-in' ? 'Bearer signin:0123456789' : 'Bearer fixture-token';
  if (header !== wanted)
    throw new FleetError('unauthenticated', 'The credential is not known here.');
}

function queryOf(url: URL): Record<string, unknown> {
  return Object.fromEntries(
    [...url.searchParams].map(([name, value]) => [
      name,
      /^\d+$/.test(value) ? Number(value) : value,
    ]),
  );
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  return body === '' ? undefined : JSON.parse(body);
}

/** The answer as JSON, once it has passed the schema of its route. */
function checked(route: Route, answer: unknown): Uint8Array {
  const bytes = new TextEncoder().encode(JSON.stringify(answer));
  if (typeof route.response !== 'string')
    documentReader(route.response)(bytes, Number.POSITIVE_INFINITY);
  return bytes;
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

async function servePage(
  pathname: string,
  response: ServerResponse,
  folder: string,
): Promise<void> {
  const file = pathname === '/' ? 'index.html' : path.normalize(pathname).replace(/^[./\\]+/, '');
  const bytes = await readFile(path.join(folder, file));
  response.setHeader('content-security-policy', contentSecurityPolicy);
  send(response, bytes, types[path.extname(file)] ?? 'application/octet-stream');
}

function send(response: ServerResponse, body: Uint8Array, type: string): void {
  response.writeHead(200, { 'content-type': type, 'cache-control': 'no-store' });
  response.end(body);
}

function fail(response: ServerResponse, error: FleetError): void {
  if (response.headersSent) return void response.destroy();
  const problem = problemOf(error);
  response.writeHead(problem.status, { 'content-type': 'application/problem+json' });
  response.end(JSON.stringify(problem));
}
