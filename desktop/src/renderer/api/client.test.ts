import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError } from '@edgewise/protocol/errors';
import { createClient } from './client.ts';

interface Call {
  readonly url: string;
  readonly init: RequestInit;
}

function clientThatGets(response: () => Response | Promise<Response>) {
  const calls: Call[] = [];
  const client = createClient({
    baseUrl: 'http://hub',
    token: () => 'secret',
    fetch: async (input, init = {}) => {
      calls.push({ url: String(input), init });
      return await response();
    },
  });
  return { client, calls };
}

const failsWith = (code: string) => (thrown: unknown) => {
  assert.ok(thrown instanceof FleetError);
  assert.equal(thrown.code, code);
  return true;
};

test('a call goes to the address of its route with the token', async () => {
  const { client, calls } = clientThatGets(() => Response.json([]));
  await client.call('deviceWindows', { params: { device: 'a b' }, query: { limit: 60 } });
  assert.equal(calls[0]?.url, 'http://hub/api/v1/devices/a%20b/windows?limit=60');
  assert.deepEqual(calls[0]?.init.headers, { authorization: 'Bearer secret' });
});

test('a body is sent as JSON', async () => {
  const { client, calls } = clientThatGets(() => Response.json({}));
  await client.call('startRollout', { body: { model: 'digits', version: 2 } });
  assert.equal(calls[0]?.init.method, 'POST');
  assert.equal(calls[0]?.init.body, '{"model":"digits","version":2}');
  assert.equal(new Headers(calls[0]?.init.headers).get('content-type'), 'application/json');
});

test('a problem document becomes an error with its code and sentence', async () => {
  const problem = { code: 'conflict', detail: 'A rollout is running.' };
  const { client } = clientThatGets(() => Response.json(problem, { status: 409 }));
  await assert.rejects(client.call('status', {}), (thrown) => {
    assert.ok(thrown instanceof FleetError);
    assert.equal(thrown.reason, 'A rollout is running.');
    return failsWith('conflict')(thrown);
  });
});

test('an error page of something else is unavailable, not a crash', async () => {
  const { client } = clientThatGets(() => new Response('<html>502</html>', { status: 502 }));
  await assert.rejects(client.call('status', {}), failsWith('unavailable'));
});

test('no network is unavailable, and an answer that is not JSON is malformed', async () => {
  const offline = clientThatGets(() => Promise.reject(new TypeError('fetch failed')));
  await assert.rejects(offline.client.call('status', {}), failsWith('unavailable'));
  const garbled = clientThatGets(() => new Response('{', { status: 200 }));
  await assert.rejects(garbled.client.call('status', {}), failsWith('malformed'));
});

test('a call that was called off says so', async () => {
  const { client } = clientThatGets(() => Promise.reject(new DOMException('stop', 'AbortError')));
  await assert.rejects(client.call('status', {}), failsWith('canceled'));
});

test('bytes come as bytes', async () => {
  const { client } = clientThatGets(() => new Response(new Uint8Array([1, 2, 3])));
  const bytes = await client.call('sampleContent', {
    params: { sample: 'x' },
    query: { as: 'png' },
  });
  assert.deepEqual([...bytes], [1, 2, 3]);
});

test('the event stream names the event it has seen last', async () => {
  const { client, calls } = clientThatGets(() => new Response('x'));
  await client.events('', new AbortController().signal);
  await client.events('41', new AbortController().signal);
  assert.equal(new Headers(calls[0]?.init.headers).get('last-event-id'), null);
  assert.equal(new Headers(calls[1]?.init.headers).get('last-event-id'), '41');
});
