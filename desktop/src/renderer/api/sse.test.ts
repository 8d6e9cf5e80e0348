import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSseDecoder } from './sse.ts';

const stream =
  'retry: 1000\n\nid: 7\nevent: device\ndata: {"a":1}\n\n:\n\nid: 8\ndata: one\ndata: two\n\ndata:unfinished';

test('an event stream gives the same events however it is cut into chunks', () => {
  const whole = createSseDecoder().push(stream);
  assert.deepEqual(whole, [
    { id: '7', event: 'device', data: '{"a":1}' },
    { id: '8', event: 'message', data: 'one\ntwo' },
  ]);
  for (let cut = 1; cut < stream.length; cut += 1) {
    const decoder = createSseDecoder();
    const parts = [...decoder.push(stream.slice(0, cut)), ...decoder.push(stream.slice(cut))];
    assert.deepEqual(parts, whole, `cut at ${cut}`);
  }
});

test('lines may end with CR LF, also when a chunk ends between the two', () => {
  const decoder = createSseDecoder();
  const events = [
    ...decoder.push('id: 1\r\ndata: x\r'),
    ...decoder.push('\n\r'),
    ...decoder.push('\n'),
  ];
  assert.deepEqual(events, [{ id: '1', event: 'message', data: 'x' }]);
});

test('an id stays until the next one, and one with a NUL is ignored', () => {
  const events = createSseDecoder().push('id: 4\ndata: a\n\ndata: b\n\nid: 5\0\ndata: c\n\n');
  assert.deepEqual(
    events.map((each) => each.id),
    ['4', '4', '4'],
  );
});
