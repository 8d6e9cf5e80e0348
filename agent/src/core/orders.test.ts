import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '@edgewise/protocol';
import { judgeCommand, judgeOrder } from './orders.ts';

const me = { fleet: 'home', device: 'pi' };
const order = { ...me, generation: 5, issuedAtMs: 0, expiresAtMs: 1000 };

test('an order is accepted when its generation is higher than the one followed', () => {
  assert.deepEqual(judgeOrder(order, me, { followed: 4 }), { verdict: 'accept' });
  assert.deepEqual(judgeOrder(order, me, { followed: 5 }), { verdict: 'repeat' });
});

test('an older order is stale, one for another device or fleet has the wrong audience', () => {
  const codeOf = (judged: ReturnType<typeof judgeOrder>) =>
    judged.verdict === 'refuse' && judged.code;
  assert.equal(codeOf(judgeOrder(order, me, { followed: 6 })), 'generation-stale');
  const others = [
    { ...order, device: 'other' },
    { ...order, fleet: 'other' },
  ];
  for (const other of others) {
    assert.equal(codeOf(judgeOrder(other, me, { followed: 0 })), 'wrong-audience');
  }
});

test('a command that comes too late is expired, an old target is left to the planner', () => {
  const nowMs = order.expiresAtMs + limits.clockSkewMs + 1;
  const judged = judgeCommand(order, me, { followed: 0, nowMs });
  assert.equal(judged.verdict === 'refuse' && judged.code, 'expired');
  assert.equal(judgeOrder(order, me, { followed: 0 }).verdict, 'accept');
});
