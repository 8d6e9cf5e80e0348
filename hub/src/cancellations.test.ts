import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCancellations } from './cancellations.ts';

test('what is called off while it waits begins with a signal that is aborted', () => {
  const cancellations = createCancellations();
  assert.equal(cancellations.callOff('one', 'A person stopped it.'), false);
  assert.equal(cancellations.begin('one').aborted, true);
  assert.equal(cancellations.begin('two').aborted, false);
});

test('what is under way is told, and forgotten when it has ended', () => {
  const cancellations = createCancellations();
  const signal = cancellations.begin('one');
  assert.equal(cancellations.callOff('one', 'A person stopped it.'), true);
  assert.match(String(signal.reason), /\[canceled\] A person stopped it\./);
  cancellations.end('one');
  assert.equal(cancellations.begin('one').aborted, false);
});
