/** What somebody without a token, or with one that was withdrawn, can make the API do. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { FleetError, limits } from '@edgewise/protocol';
import { type RouteName, routes } from '@edgewise/protocol/http';
import { pino } from 'pino';
import { createMemoryTokens } from '../testing/memory-tokens.test.fixture.ts';
import { createEventLog } from './event-log.ts';
import { streamEvents } from './event-stream.ts';
import type { Handlers } from './handler.ts';
import { type ApiServer, createApi } from './server.ts';
import { createSignInCodes } from './sign-in-codes.ts';
import { createTokens } from './tokens.ts';

const clock = { now: () => Date.now(), sleep: () => Promise.resolve() };
const tokens = createTokens(createMemoryTokens(), clock);
const log: string[] = [];
const parts = {
  handlers: Object.fromEntries(
    (Object.keys(routes) as RouteName[]).map((name) => [
      name,
      () =>
        name === 'listRuns' ? Promise.reject(new TypeError('a fault')) : Promise.resolve({ name }),
    ]),
  ) as unknown as Handlers,
  events: createEventLog({ boot: 'b', now: clock.now }),
  tokens,
  codes: createSignInCodes(clock),
  logger: pino({ level: 'trace' }, { write: (line) => log.push(line) }),
};

let server: ApiServer;
let admin: string;

before(async () => {
  admin = (await tokens.create('boss', 'admin')).token;
  server = await createApi({ ...parts, host: '127.0.0.1', port: 0 });
});

after(() => server[Symbol.asyncDispose]());

interface Attempt {
  readonly method: string;
  readonly path: string;
  readonly token?: string;
  readonly type?: string;
  /** What the head announces; nothing of it is ever sent. */
  readonly announcedBytes?: number;
  readonly body?: string;
}

/** One request as it stands, without the corrections that `fetch` makes. */
async function ask(attempt: Attempt): Promise<{ status: number; type: string; code: string }> {
  const { method, path, token, type = 'application/json', announcedBytes, body } = attempt;
  const { hostname, port } = new URL(server.url);
  const call = request({ hostname, port, method, path, agent: false });
  if (token !== undefined) call.setHeader('authorization', `Bearer ${token}`);
  if (announcedBytes !== undefined) call.setHeader('content-length', announcedBytes);
  if (body !== undefined || announcedBytes !== undefined) call.setHeader('content-type', type);
  call.on('error', () => undefined);
  call.flushHeaders();
  if (announcedBytes === undefined) call.end(body);
  const [response] = await once(call, 'response');
  let text = '';
  for await (const chunk of response) text += String(chunk);
  call.destroy();
  const { code } = JSON.parse(text) as { code: string };
  return { status: response.statusCode, type: response.headers['content-type'], code };
}

test('a stranger is refused before a byte of the body is read', async () => {
  const upload = { method: 'PUT', path: `/api/v1/blobs/${'a'.repeat(64)}` };
  const type = 'application/octet-stream';
  const stranger = { ...upload, type, announcedBytes: limits.uploadBytes };
  assert.equal((await ask(stranger)).code, 'unauthenticated');
  const { token } = await tokens.create('reader', 'read');
  assert.equal((await ask({ ...stranger, token })).code, 'forbidden');
});

test('a body that announces too much is refused before it comes', async () => {
  const announcedBytes = limits.requestBytes + 1;
  const asked = { method: 'POST', path: '/api/v1/tokens', token: admin, announcedBytes };
  assert.equal((await ask(asked)).code, 'too-large');
});

test('whatever cannot be read is a problem document with its code', async () => {
  const post = { method: 'POST', path: '/api/v1/tokens', token: admin };
  const cases: readonly (readonly [Attempt, number, string])[] = [
    [{ method: 'GET', path: '/api/v1/devices/%E0%A4%A', token: admin }, 400, 'malformed'],
    [{ method: 'GET', path: `/api/v1/devices/${'a'.repeat(200)}` }, 400, 'invalid-argument'],
    [{ method: 'GET', path: '/nowhere' }, 404, 'not-found'],
    [{ method: 'PATCH', path: '/api/v1/status', token: admin }, 404, 'not-found'],
    [{ ...post, type: 'text/xml', body: '<name/>' }, 400, 'invalid-argument'],
    [
      { ...post, body: '{"name":"x","scope":"read","__proto__":{"scope":"admin"}}' },
      400,
      'malformed',
    ],
    [{ ...post, body: `${'['.repeat(100_000)}` }, 400, 'malformed'],
  ];
  for (const [attempt, status, code] of cases) {
    const answer = await ask(attempt);
    const name = `${attempt.method} ${attempt.path.slice(0, 60)} ${attempt.body?.slice(0, 20)}`;
    assert.deepEqual({ status: answer.status, code: answer.code }, { status, code }, name);
    assert.match(answer.type, /^application\/problem\+json/, name);
  }
});

test('the log tells faults and no secrets', async () => {
  const { code } = parts.codes.create();
  const session = { method: 'POST', path: '/api/v1/session' };
  await ask({ ...session, token: `signin:${code}` });
  await ask({ ...session, token: `signin:${code}` });
  await ask({ method: 'GET', path: '/api/v1/runs', token: 'ew_a-wrong-one' });
  await ask({ method: 'GET', path: '/api/v1/runs', token: admin });
  const text = log.join('');
  assert.match(text, /a fault/);
  for (const secret of [admin, code, 'ew_a-wrong-one']) assert.ok(!text.includes(secret), secret);
});

test('off loopback the API does not listen without TLS', async () => {
  for (const host of ['0.0.0.0', '::', '192.0.2.1', '127.example.org']) {
    await assert.rejects(
      createApi({ ...parts, host, port: 0 }),
      (error) => error instanceof FleetError && error.code === 'invalid-argument',
      host,
    );
  }
});

test('a stream of events ends soon after its token was withdrawn', async () => {
  let holds = true;
  const stop = new AbortController();
  const stream = createServer((_, response) =>
    streamEvents(parts.events, response, {
      lastId: undefined,
      predictions: false,
      signal: stop.signal,
      recheck: () => (holds ? Promise.resolve() : Promise.reject(new Error('withdrawn'))),
      heartbeatMs: 5,
    }),
  );
  await once(stream.listen(0, '127.0.0.1'), 'listening');
  const call = request({ port: (stream.address() as AddressInfo).port, agent: false }).end();
  const [response] = await once(call, 'response');
  response.on('error', () => undefined);
  // Signs of life go on as long as the token holds.
  for (let beats = 0; beats < 3; beats++) await once(response, 'data');
  const ended = new Promise<void>((resolve) => response.once('close', () => resolve()));
  holds = false;
  response.resume();
  await ended;
  stream.close();
});
