import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openBrokerSocket } from './broker-socket.ts';

const options = { fingerprint: 'a'.repeat(64), signal: AbortSignal.timeout(5000) };

test('a broker on another machine is not spoken to in the clear', async () => {
  for (const host of ['192.0.2.1', 'broker.example.org', '127.example.org', '[2001:db8::1]']) {
    await assert.rejects(openBrokerSocket(`mqtt://${host}:1883`, options), /\[forbidden\].*mqtts/);
  }
  await assert.rejects(openBrokerSocket('http://127.0.0.1:1', options), /\[invalid-argument\]/);
  await assert.rejects(openBrokerSocket('mqtt://127.0.0.1:1', options), /\[unavailable\]/);
});
