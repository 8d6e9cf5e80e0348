import assert from 'node:assert/strict';
import { test } from 'node:test';
import { placeAfter, readPasted } from './model.ts';

test('a link, a code and a token are told apart', () => {
  assert.deepEqual(readPasted(' http://127.0.0.1:8320/#/signin?code=ab%2Bc '), {
    kind: 'code',
    code: 'ab+c',
  });
  assert.deepEqual(readPasted('signin:abc'), { kind: 'code', code: 'abc' });
  assert.deepEqual(readPasted('ew_secret'), { kind: 'token', token: 'ew_secret' });
  assert.deepEqual(readPasted('  '), { kind: 'nothing' });
});

test('after signing in one stays inside the console', () => {
  assert.equal(placeAfter('/drift?alarm=alarm-7'), '/drift?alarm=alarm-7');
  for (const elsewhere of [
    undefined,
    '',
    '//evil.example',
    'https://evil.example',
    '/signin?code=1',
  ])
    assert.equal(placeAfter(elsewhere), '/fleet');
});
