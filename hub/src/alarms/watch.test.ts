import assert from 'node:assert/strict';
import { test } from 'node:test';
import { watchProfile } from '../monitor/watch-profile.ts';
import { createSignal } from '../signal.ts';
import { openDatabase } from '../store/open-database.ts';
import type { StoredWindow, Telemetry } from '../telemetry/telemetry.ts';
import { createManualClock } from '../testing/manual-clock.test.fixture.ts';
import { aProfile, aWindow } from './a-window.test.fixture.ts';
import { createSqliteAlarmRecords } from './adapters/sqlite-alarm-records.ts';
import type { BundleMonitor } from './bundle-monitors.ts';
import { compareFeatures } from './compare-features.ts';
import { describeFinding } from './describe-finding.ts';
import { createWatch, type RaisedFindings } from './watch.ts';

const bundles = new Map([1, 2].map((version) => [`r${version}`, bundle(version)]));

function bundle(version: number): BundleMonitor {
  const monitor = watchProfile(aProfile, { threshold: 10_000 });
  return { model: 'digits', version, reference: `r${version}`, profile: aProfile, monitor };
}

async function setUp() {
  const db = await openDatabase(':memory:');
  const windowStored = createSignal<StoredWindow>((thrown) => assert.fail(String(thrown)));
  const stored: StoredWindow[] = [];
  const raised: RaisedFindings[] = [];
  const telemetry = {
    windowStored,
    windowsAfter: (_: string, after: { sequence: number }) =>
      Promise.resolve(stored.filter(({ window }) => window.sequence > after.sequence)),
  } as unknown as Telemetry;
  const start = () =>
    createWatch({
      ...{ records: createSqliteAlarmRecords(db), telemetry, clock: createManualClock() },
      bundles: { find: ({ reference }) => Promise.resolve(bundles.get(reference)) },
      onFindings: (found) => Promise.resolve(void raised.push(found)),
      onError: (thrown) => assert.fail(String(thrown)),
    });
  function send(from: number, to: number, options?: Parameters<typeof aWindow>[1]): void {
    for (let sequence = from; sequence <= to; sequence++) {
      const window = aWindow(sequence, options);
      stored.push(window);
      windowStored.emit(window);
    }
  }
  return { start, send, raised, stored, [Symbol.asyncDispose]: () => db.destroy() };
}

test('a device learns its normal, then is watched, then alarms when it changes', async () => {
  await using hub = await setUp();
  await using watch = hub.start();
  hub.send(1, 50);
  assert.equal((await watch.summary('d1')).state, 'learning');
  hub.send(51, 160);
  assert.equal((await watch.summary('d1')).state, 'watching');
  assert.equal(hub.raised.length, 0);
  hub.send(161, 163, { shift: 8 });
  assert.equal((await watch.summary('d1')).state, 'alarm');
  const [found] = hub.raised;
  const [finding] = found?.findings ?? [];
  assert.ok(found && finding);
  const shown = describeFinding(finding, found.watched, bundle(1));
  assert.deepEqual([shown.feature, shown.direction, shown.device], ['mean', 'up', 'd1']);
  assert.equal(shown.sinceMs, 161_000);
});

test('each window keeps the verdict it had, also after a restart', async () => {
  await using hub = await setUp();
  const before = hub.start();
  hub.send(1, 120);
  hub.send(121, 122, { shift: 8 });
  assert.equal((await before.ofWindow('d1', 1, 20)).state, 'learning');
  assert.equal((await before.ofWindow('d1', 1, 122)).state, 'alarm');
  await before[Symbol.asyncDispose]();
  hub.stored.length = 0;
  await using after = hub.start();
  assert.equal((await after.ofWindow('d1', 1, 110)).state, 'watching');
  assert.equal((await after.summary('d1')).state, 'alarm');
});

test('windows that came while the hub was down are tested when it is back', async () => {
  await using hub = await setUp();
  const before = hub.start();
  hub.send(1, 120);
  await before.summary('d1');
  await before[Symbol.asyncDispose]();
  hub.send(121, 122, { shift: 8 });
  assert.equal(hub.raised.length, 0);
  await using after = hub.start();
  after.follow('d1');
  assert.equal((await after.summary('d1')).state, 'alarm');
  assert.equal(hub.raised.length, 1);
});

test('late and repeated windows change nothing', async () => {
  await using hub = await setUp();
  await using watch = hub.start();
  hub.send(1, 110);
  const before = await watch.watched('d1');
  hub.send(5, 9, { shift: 8 });
  assert.deepEqual(await watch.watched('d1'), before);
});

test('a new bundle means a new baseline', async () => {
  await using hub = await setUp();
  await using watch = hub.start();
  hub.send(1, 120);
  hub.send(121, 122, { shift: 8 });
  hub.send(123, 125, { shift: 8, reference: 'r2' });
  const { state, baselineWindows } = await watch.summary('d1');
  assert.deepEqual([state, baselineWindows], ['learning', 3]);
  assert.equal((await watch.watched('d1'))?.version, 2);
});

test('a device that relearns takes what it shows from then on for normal', async () => {
  await using hub = await setUp();
  await using watch = hub.start();
  hub.send(1, 120);
  hub.send(121, 122, { shift: 4 });
  await watch.relearn('d1');
  hub.send(123, 260, { shift: 4 });
  assert.equal((await watch.summary('d1')).state, 'watching');
  assert.equal(hub.raised.length, 1);
});

test('a comparison shows recent shares beside the own baseline', async () => {
  await using hub = await setUp();
  await using watch = hub.start();
  hub.send(1, 120);
  const watched = await watch.watched('d1');
  assert.ok(watched);
  const recent = [aWindow(121, { shift: 8 }), aWindow(122, { shift: 8 })];
  const [mean] = compareFeatures(watched, bundle(1), recent);
  assert.ok(mean && mean.psi > mean.psiNull95 && mean.n === 200);
  assert.ok(Math.abs(mean.reference.reduce((sum, share) => sum + share, 0) - 1) < 1e-9);
  assert.ok((mean.current[19] ?? 0) > 0.3 && Math.abs((mean.reference[19] ?? 0) - 0.05) < 0.01);
});
