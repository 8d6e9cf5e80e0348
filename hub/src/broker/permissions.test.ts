import assert from 'node:assert/strict';
import { test } from 'node:test';
import { channelNames, channels } from '@edgewise/protocol';
import { judgeSubscription, mayPublish } from './permissions.ts';
import type { Principal } from './principal.ts';

const digest = 'ab'.repeat(32);
const values: Readonly<Record<string, string>> = {
  fleet: 'home',
  device: 'mine',
  digest,
  part: '0',
  lane: '1',
  block: '2',
  model: 'digits',
};
const topicFor = (channel: keyof typeof channels, changed: Record<string, string> = {}) =>
  channels[channel].topic.replace(/\{(\w+)\}/g, (_, name: string) => {
    return { ...values, ...changed }[name] ?? '';
  });

const me: Principal = { kind: 'device', device: 'mine', instance: 'i' };
const reader: Principal = { kind: 'api', name: 'grafana' };
const publication = (topic: string, retain = false) => ({ topic, qos: 1, retain });

for (const channel of channelNames) {
  const { from, retain } = channels[channel];

  test(`${channel}: a device publishes it only for itself, only upwards, never in another fleet`, () => {
    assert.equal(mayPublish(me, 'home', publication(topicFor(channel))), from === 'agent');
    assert.equal(
      mayPublish(me, 'home', publication(topicFor(channel), true)),
      from === 'agent' && retain,
    );
    assert.equal(mayPublish(me, 'home', publication(topicFor(channel, { fleet: 'b' }))), false);
    if (channel !== 'blob') {
      const foreign = topicFor(channel, { device: 'other' });
      assert.equal(mayPublish(me, 'home', publication(foreign)), false);
    }
    assert.equal(mayPublish(reader, 'home', publication(topicFor(channel))), false);
  });

  test(`${channel}: a device subscribes to it only for itself and only downwards`, () => {
    const own = judgeSubscription(me, 'home', topicFor(channel)).kind;
    if (channel === 'blob') assert.equal(own, 'granted-if-target-names');
    else assert.equal(own, from === 'hub' ? 'granted' : 'refused');
    for (const changed of [{ fleet: 'other' }, { fleet: '+' }]) {
      const filter = topicFor(channel, changed);
      assert.equal(judgeSubscription(me, 'home', filter).kind, 'refused');
      assert.equal(judgeSubscription(reader, 'home', filter).kind, 'refused');
    }
    for (const device of ['other', '+']) {
      if (channel === 'blob') continue;
      assert.equal(judgeSubscription(me, 'home', topicFor(channel, { device })).kind, 'refused');
    }
    assert.equal(judgeSubscription(me, 'home', topicFor('blob', { digest: '+' })).kind, 'refused');
  });
}

test('a reader sees what the fleet says, but neither inputs nor model bytes', () => {
  const verdict = (filter: string) => judgeSubscription(reader, 'home', filter).kind;
  assert.equal(verdict('edgewise/home/prediction/+/+'), 'granted');
  assert.equal(verdict('edgewise/home/device/+/state'), 'granted');
  assert.equal(verdict(`edgewise/home/device/+/sample/+/+`), 'refused');
  assert.equal(verdict(`edgewise/home/blob/${digest}/+/+`), 'refused');
});

test('wildcards that reach across levels, system topics and foreign words are refused', () => {
  for (const filter of ['#', 'edgewise/#', 'edgewise/home/#', '$SYS/#', '+/+/+/+/+', 'a/b', '']) {
    assert.equal(judgeSubscription(me, 'home', filter).kind, 'refused', filter);
    assert.equal(judgeSubscription(reader, 'home', filter).kind, 'refused', filter);
  }
});
