import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { type Route, type RouteName, routes, routeUrl } from '@edgewise/protocol/http';
import { sampleFixtures } from './fixture-alarms.ts';
import { type FixtureHub, startFixtureHub } from './fixture-hub.ts';

let hub: FixtureHub;
const pages = mkdtempSync(path.join(os.tmpdir(), 'pages-'));
const headers = { authorization: 'Bearer fixture-token' };
const params: Record<string, string> = {
  device: 'hall-2',
  model: 'digits',
  version: '2',
  run: 'run-3',
  alarm: 'alarm-7',
  rollout: 'rollout-3',
  sweep: 'sweep-5',
  sample: sampleFixtures(0)[0]?.sample ?? '',
};

before(async () => {
  hub = await startFixtureHub({ pages });
});
after(async () => {
  await hub[Symbol.asyncDispose]();
  rmSync(pages, { recursive: true });
});

const reads = (Object.keys(routes) as RouteName[]).filter((name) => {
  const route: Route = routes[name];
  return route.method === 'GET' && route.scope === 'read' && route.response !== 'events';
});

/** Routes that the pages never call. */
const unused: readonly RouteName[] = [
  'metrics',
  'exportSamples',
  'listSnapshots',
  'getBlob',
  'getRollout',
];

for (const name of reads.filter((each) => !unused.includes(each)))
  test(`the fixture of ${name} passes the schema of its route`, async () => {
    const response = await fetch(hub.url + routeUrl(routes[name], params), { headers });
    assert.equal(response.status, 200, await response.text());
  });

test('a stream resumes after the event that was seen last', async () => {
  const event = hub.fleet.nextWindow('hall-2');
  hub.publish(event);
  hub.publish(hub.fleet.nextWindow('hall-2'));
  const stop = new AbortController();
  const response = await fetch(`${hub.url}/api/v1/events`, {
    headers: { ...headers, 'last-event-id': '1' },
    signal: stop.signal,
  });
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += new TextDecoder().decode(chunk as Uint8Array);
    if (text.includes('\n\n') && text.includes('id:')) break;
  }
  stop.abort();
  assert.ok(text.includes('id: 2\n'));
  assert.ok(!text.includes('id: 1\n'));
});

test('an event that does not fit its schema cannot be published', () => {
  assert.throws(() => hub.publish({ kind: 'device', device: {} } as never), /malformed/);
});

test('a wrong token is refused with a problem document', async () => {
  const response = await fetch(`${hub.url}/api/v1/status`, {
    headers: { authorization: 'Bearer x' },
  });
  assert.equal(response.status, 401);
  assert.equal(((await response.json()) as { code: string }).code, 'unauthenticated');
});
