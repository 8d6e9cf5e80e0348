import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCancellations } from './cancellations.ts';

const nothing = () => Promise.resolve();

test('what is called off while it waits begins with a signal that is aborted', async () => {
  const cancellations = createCancellations();
  assert.equal(await cancellations.callOff('one', 'A person stopped it.'), false);
  assert.equal(cancellations.begin('one', nothing).aborted, true);
  assert.equal(cancellations.begin('two', nothing).aborted, false);
});

test('what is under way is told and remembers it, and is forgotten when it has ended', async () => {
  const cancellations = createCancellations();
  let remembered = 0;
  const signal = cancellations.begin('one', () => Promise.resolve(void remembered++));
  assert.equal(await cancellations.callOff('one', 'A person stopped it.'), true);
  assert.match(String(signal.reason), /\[canceled\] A person stopped it\./);
  assert.equal(remembered, 1);
  cancellations.end('one');
  assert.equal(cancellations.begin('one', nothing).aborted, false);
});
