import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { FleetError } from '@edgewise/protocol';
import { type RouteName, routes, routeUrl } from '@edgewise/protocol/http';
import { pino } from 'pino';
import { createMemoryTokens } from '../testing/memory-tokens.test.fixture.ts';
import { createEventLog } from './event-log.ts';
import type { Handlers } from './handler.ts';
import { type ApiServer, createApi } from './server.ts';
import { createSignInCodes } from './sign-in-codes.ts';
import { createTokens } from './tokens.ts';

const clock = { now: () => Date.now(), sleep: () => Promise.resolve() };
const tokens = createTokens(createMemoryTokens(), clock);
const codes = createSignInCodes(clock);
const events = createEventLog({ boot: 'b', now: clock.now });
const logger = pino({ enabled: false });

/** Handlers that answer with what they were given, so that a test sees what got through. */
const handlers = Object.fromEntries(
  (Object.keys(routes) as RouteName[]).map((name) => [
    name,
    (args: unknown, { caller }: { caller: unknown }) => {
      if (name === 'getRun')
        return Promise.reject(new FleetError('not-found', 'There is no run "r".'));
      if (name === 'listRuns') return Promise.reject(new TypeError('a fault with a secret'));
      if (name === 'metrics') return Promise.resolve(new TextEncoder().encode('up 1\n'));
      return Promise.resolve({ name, args, caller });
    },
  ]),
) as unknown as Handlers;

let server: ApiServer;
let folder: string;
let read: string;
let admin: string;

before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'edgewise-api-'));
  await writeFile(path.join(folder, 'index.html'), '<!doctype html><title>Edgewise</title>');
  read = (await tokens.create('reader', 'read')).token;
  admin = (await tokens.create('boss', 'admin')).token;
  server = await createApi({
    handlers,
    events,
    tokens,
    codes,
    logger,
    host: '127.0.0.1',
    port: 0,
    consoleFolder: folder,
  });
});

after(async () => {
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

function call(path: string, init: RequestInit & { token?: string } = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (init.token) headers.set('authorization', `Bearer ${init.token}`);
  return fetch(server.url + path, { ...init, headers });
}

const codeOf = async (response: Response) => ((await response.json()) as { code: string }).code;

test('without a token only the open routes answer', async () => {
  for (const name of Object.keys(routes) as RouteName[]) {
    const route = routes[name];
    const url = routeUrl(route, new Proxy({}, { get: () => 'a' }), {
      nonce: 'n'.repeat(16),
      part: 'train',
    });
    const response = await call(url, { method: route.method });
    const open = route.scope === 'open';
    assert.equal(response.status === 401, !open, `${name} gave ${response.status}`);
    await response.body?.cancel();
  }
  assert.equal((await call('/docs/json')).status, 200);
  assert.equal((await call('/')).status, 200);
});

test('a token may do what its scope says and no more', async () => {
  assert.equal((await call('/api/v1/devices', { token: read })).status, 200);
  const refused = await call('/api/v1/tokens', { token: read });
  assert.equal(refused.status, 403);
  assert.equal(await codeOf(refused), 'forbidden');
  assert.equal((await call('/api/v1/tokens', { token: admin })).status, 200);
});

test('a withdrawn token stops working at once', async () => {
  const { token } = await tokens.create('brief', 'read');
  assert.equal((await call('/api/v1/devices', { token })).status, 200);
  await tokens.remove('brief');
  assert.equal((await call('/api/v1/devices', { token })).status, 401);
});

test('a sign-in code works once', async () => {
  const { code } = codes.create();
  const signIn = () => call('/api/v1/session', { method: 'POST', token: `signin:${code}` });
  assert.equal((await signIn()).status, 200);
  assert.equal((await signIn()).status, 401);
});

test('query numbers are read out of text, and wrong ones are named', async () => {
  const good = (await (await call('/api/v1/alarms?limit=5', { token: read })).json()) as {
    args: { query: { limit: number } };
  };
  assert.equal(good.args.query.limit, 5);
  const bad = await call('/api/v1/alarms?limit=0', { token: read });
  assert.equal(bad.status, 400);
  const problem = (await bad.json()) as { code: string; detail: string };
  assert.equal(problem.code, 'invalid-argument');
  assert.match(problem.detail, /query\.limit/);
});

test('a body that does not fit names the place', async () => {
  const response = await call('/api/v1/runs', {
    method: 'POST',
    token: admin,
    headers: { 'content-type': 'application/json' },
    body: '{"model":"A B"}',
  });
  assert.equal(response.status, 400);
  assert.match(((await response.json()) as { detail: string }).detail, /body\.model/);
  const broken = await call('/api/v1/runs', {
    method: 'POST',
    token: admin,
    headers: { 'content-type': 'application/json' },
    body: '{',
  });
  assert.equal(await codeOf(broken), 'malformed');
});

test('a path that climbs out of its place is refused', async () => {
  assert.equal((await call('/api/v1/devices/..%2f..%2fetc', { token: read })).status, 400);
  assert.equal((await call('/..%2f..%2fetc/passwd')).status, 404);
});

test('an error is a problem document with its code, and a fault keeps its cause to itself', async () => {
  const missing = await call('/api/v1/runs/r', { token: read });
  assert.equal(missing.status, 404);
  assert.equal(missing.headers.get('content-type'), 'application/problem+json; charset=utf-8');
  const fault = await call('/api/v1/runs', { token: read });
  assert.equal(fault.status, 500);
  const text = await fault.text();
  assert.match(text, /"code":"internal"/);
  assert.doesNotMatch(text, /secret/);
});

test('the event stream resumes after the last id it gave', async () => {
  const abort = new AbortController();
  const open = (lastId?: string) =>
    call('/api/v1/events', {
      token: read,
      signal: abort.signal,
      headers: lastId ? { 'last-event-id': lastId } : {},
    });
  events.emit({ kind: 'reset', atMs: 1 });
  const stream = await open('b-0');
  assert.equal(stream.headers.get('content-type'), 'text/event-stream');
  const reader = stream.body?.getReader();
  let text = '';
  while (!text.includes('data:')) text += new TextDecoder().decode((await reader?.read())?.value);
  assert.match(text, /id: b-1\nevent: reset\ndata: \{"kind":"reset","atMs":1\}/);
  abort.abort();
});

test('a port that is taken says so', async () => {
  const port = Number(new URL(server.url).port);
  await assert.rejects(
    createApi({ handlers, events, tokens, codes, logger, host: '127.0.0.1', port }),
    (error) =>
      error instanceof FleetError &&
      error.code === 'port-in-use' &&
      error.message.includes('--port'),
  );
});
