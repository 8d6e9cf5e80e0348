import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSession, mayDo } from './session.ts';

function storage(entries: Record<string, string> = {}): Storage {
  const map = new Map(Object.entries(entries));
  return {
    get length() {
      return map.size;
    },
    clear: () => map.clear(),
    key: (index) => [...map.keys()][index] ?? null,
    getItem: (name) => map.get(name) ?? null,
    setItem: (name, value) => void map.set(name, value),
    removeItem: (name) => void map.delete(name),
  };
}

test('a session survives a reload of the tab and ends with sign-out', () => {
  const kept = storage();
  createSession(kept).signIn({ token: 't', scope: 'label' });
  const again = createSession(kept);
  assert.deepEqual(again.current(), { token: 't', scope: 'label' });
  again.signOut();
  assert.equal(createSession(kept).current(), undefined);
});

test('whatever else is stored counts as signed out', () => {
  for (const stored of ['', '{', '7', '{"token":1}', 'null'])
    assert.equal(
      createSession(storage({ 'edgewise-session': stored })).current(),
      undefined,
      stored,
    );
});

test('those who listen hear of each change', () => {
  const session = createSession(storage());
  let heard = 0;
  const stop = session.subscribe(() => {
    heard += 1;
  });
  session.signIn({ token: 't', scope: undefined });
  session.signOut();
  stop();
  session.signOut();
  assert.equal(heard, 2);
});

test('a scope includes those before it, and an unknown scope is left to the hub', () => {
  assert.equal(mayDo({ token: 't', scope: 'operate' }, 'label'), true);
  assert.equal(mayDo({ token: 't', scope: 'read' }, 'label'), false);
  assert.equal(mayDo({ token: 't', scope: undefined }, 'admin'), true);
  assert.equal(mayDo(undefined, 'read'), false);
});
