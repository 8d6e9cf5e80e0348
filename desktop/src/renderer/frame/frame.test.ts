import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alarmFixtures } from '../../testing/fixture-alarms.ts';
import { deviceFixtures } from '../../testing/fixture-devices.ts';
import { modelFixture } from '../../testing/fixture-models.ts';
import { addresses } from '../addresses.ts';
import { crumbsOf } from './crumbs.ts';
import { findHits, searchItems } from './search-model.ts';

const names = (path: string, search: Record<string, unknown> = {}) =>
  crumbsOf(path, search, 'home').map((crumb) => crumb.name);

test('breadcrumbs lead from the fleet over the screen to the object', () => {
  assert.deepEqual(names('/fleet'), ['home', 'Fleet']);
  assert.deepEqual(names('/devices/hall-2'), ['home', 'Fleet', 'hall-2']);
  assert.deepEqual(names('/models', { model: 'digits', version: 3 }), [
    'home',
    'Models',
    'digits 3',
  ]);
  assert.deepEqual(names('/models', { model: 'digits', version: '3' }), [
    'home',
    'Models',
    'digits 3',
  ]);
  assert.deepEqual(names('/models/sweeps/sweep-5'), ['home', 'Models', 'sweep-5']);
  assert.deepEqual(names('/drift', { alarm: '' }), ['home', 'Drift']);
  assert.deepEqual(names('/nowhere'), ['home']);
});

const items = searchItems({
  devices: deviceFixtures(0),
  models: [modelFixture(0)],
  alarms: alarmFixtures(9e6),
});

test('search finds devices, models, alarms and screens, best beginning first', () => {
  assert.deepEqual(
    findHits(items, 'hall')
      .map((hit) => hit.name)
      .slice(0, 2),
    ['hall-2', 'hall-3'],
  );
  assert.deepEqual(findHits(items, 'dig').map((hit) => hit.name)[0], 'digits');
  assert.deepEqual(
    findHits(items, 'contrast alarm').map((hit) => hit.name),
    ['alarm-7'],
  );
  assert.deepEqual(findHits(items, 'drift').map((hit) => hit.kind)[0], 'screen');
  assert.deepEqual(findHits(items, 'no such thing'), []);
});

test('addresses keep what they know and drop the rest', () => {
  assert.deepEqual(addresses.fleet({ q: 'hall', state: 'act', sort: '-p95', evil: '1' }), {
    q: 'hall',
    state: 'act',
    sort: '-p95',
  });
  assert.deepEqual(addresses.fleet({ state: 'broken', q: '' }), {
    q: undefined,
    state: undefined,
    sort: undefined,
  });
  assert.deepEqual(addresses.models({ version: '3' }), {
    model: undefined,
    version: 3,
    run: undefined,
  });
  assert.deepEqual(addresses.device({ windows: '-4' }), { windows: undefined });
  assert.deepEqual(addresses.sweep({ trial: '3', sort: '-score', curve: 'other' }), {
    ...{ trial: 3, sort: '-score', curve: undefined },
  });
  assert.equal(addresses.signIn({ code: '0123' }).code, '0123');
});
