import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRetained } from './retained.ts';

const packet = (topic: string, payload = 'x') =>
  ({
    cmd: 'publish',
    topic,
    payload: Buffer.from(payload),
    qos: 1,
    retain: true,
    dup: false,
  }) as const;

test('filters find what is retained: by name, by level and below a level', () => {
  const retained = createRetained();
  const topics = [
    'edgewise/h/device/a/state',
    'edgewise/h/device/b/state',
    'edgewise/h/device/b/target',
  ];
  for (const topic of topics) retained.store(packet(topic));
  const found = (...filters: string[]) => [...retained.matching(filters)].map(({ topic }) => topic);
  assert.deepEqual(found('edgewise/h/device/a/state'), [topics[0]]);
  assert.deepEqual(found('edgewise/h/device/+/state'), topics.slice(0, 2));
  assert.deepEqual(found('edgewise/#'), topics);
  assert.deepEqual(found('#', 'edgewise/h/device/b/target'), [...topics, topics[2]]);
  assert.deepEqual(found('edgewise/h/device/+/window', 'edgewise/h/device', 'edgewise/+'), []);
});

test('the newest message of a topic counts, and an empty one forgets it', () => {
  const retained = createRetained();
  const topic = 'edgewise/h/device/a/state';
  retained.store(packet(topic, 'old'));
  retained.store(packet(topic, 'new'));
  assert.deepEqual(
    [...retained.matching([topic])].map(({ payload }) => String(payload)),
    ['new'],
  );
  retained.store(packet(topic, ''));
  assert.deepEqual([...retained.matching([topic, '#'])], []);
});
