import assert from 'node:assert/strict';
import { get } from 'node:http';
import { test } from 'node:test';
import { FleetError } from '@edgewise/protocol';
import { createFakeSink } from '../testing/fake-sink.test.fixture.ts';
import { createHttpSource } from './http-source.ts';
import type { Sink } from './source.ts';

async function serve(sink: Sink, work: (url: string) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const url = Promise.withResolvers<string>();
  const running = createHttpSource({ port: 0, onListening: url.resolve }).run(sink, stop.signal);
  try {
    await work(await url.promise);
  } finally {
    stop.abort();
    await running;
  }
}

const post = (url: string, body: string | Uint8Array<ArrayBuffer>, type: string) =>
  fetch(`${url}/v1/predict`, { method: 'POST', body, headers: { 'content-type': type } });

test('JSON and raw bytes lead to the same items', async () => {
  const { sink, seen } = createFakeSink();
  await serve(sink, async (url) => {
    const items = JSON.stringify({
      items: [
        [1, 2, 3, 4],
        [
          [
            [5, 6],
            [7, 8],
          ],
        ],
      ],
    });
    assert.equal((await post(url, items, 'application/json')).status, 200);
    const raw = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
    const response = await post(url, raw, 'application/octet-stream');
    const body = (await response.json()) as { predictions: Record<string, unknown>[] };
    assert.deepEqual(Object.keys(body.predictions[0] ?? {}).sort(), [
      'class',
      'confidence',
      'item',
      'label',
      'latencyUs',
      'version',
    ]);
  });
  assert.deepEqual(seen, ['1,2,3,4', '5,6,7,8', '1,2,3,4', '5,6,7,8']);
});

test('unusable bodies are problems with our code and say what is wrong', async () => {
  const { sink } = createFakeSink();
  await serve(sink, async (url) => {
    const table = [
      ['{"items":[[1,2]]}', 'application/json', 400, 'invalid-argument'],
      ['{"items":[["a",2,3,4]]}', 'application/json', 400, 'invalid-argument'],
      ['{"items":[]}', 'application/json', 400, 'invalid-argument'],
      ['{"items":', 'application/json', 400, 'malformed'],
      ['abc', 'application/octet-stream', 400, 'invalid-argument'],
      [new Uint8Array(9_000_000), 'application/octet-stream', 413, 'too-large'],
    ] as const;
    for (const [body, type, status, code] of table) {
      const response = await post(url, body, type);
      assert.equal(response.status, status);
      assert.equal(response.headers.get('content-type'), 'application/problem+json');
      assert.equal(((await response.json()) as { code: string }).code, code);
    }
  });
});

test('health and status answer without a model, a prediction is unavailable', async () => {
  const { sink } = createFakeSink({ inputs: undefined });
  await serve(sink, async (url) => {
    assert.deepEqual(await (await fetch(`${url}/health`)).json(), { ok: true });
    const status = (await (await fetch(`${url}/v1/status`)).json()) as { device: string };
    assert.equal(status.device, 'pi');
    assert.equal((await post(url, '{"items":[[1]]}', 'application/json')).status, 503);
    assert.equal((await fetch(`${url}/other`)).status, 404);
  });
});

test('a port that is taken is port-in-use', async () => {
  const { sink } = createFakeSink();
  await serve(sink, async (url) => {
    const second = createHttpSource({ port: Number(new URL(url).port) });
    await assert.rejects(second.run(sink, new AbortController().signal), (thrown) => {
      return thrown instanceof FleetError && thrown.code === 'port-in-use';
    });
  });
});

test('a page of another origin is forbidden, also under a name that was turned to point here', async () => {
  const { sink, seen } = createFakeSink();
  const statusOf = (url: string, headers: Readonly<Record<string, string>>) =>
    new Promise<number | undefined>((resolve) => {
      get(`${url}/v1/status`, { headers }, (response) => {
        resolve(response.statusCode);
        response.resume();
      }).end();
    });
  await serve(sink, async (url) => {
    assert.equal(await statusOf(url, { 'sec-fetch-site': 'cross-site' }), 403);
    const { port } = new URL(url);
    for (const host of [`evil.example.org:${port}`, `127.0.0.1.evil.example.org:${port}`, '%']) {
      assert.equal(await statusOf(url, { host }), 403, host);
    }
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`]) {
      assert.equal(await statusOf(url, { host }), 200, host);
    }
  });
  assert.deepEqual(seen, []);
});
