import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError } from '@edgewise/protocol';
import { silentLog } from '../core/log.ts';
import { createFakeSink } from '../testing/fake-sink.test.fixture.ts';
import { createSimClock } from '../testing/sim-clock.ts';
import { runSources } from './run-sources.ts';
import type { Source } from './source.ts';

/** A source that fails with each error in turn and then ends. */
function aSource(name: string, errors: readonly FleetError[]): Source & { runs: number } {
  return {
    name,
    runs: 0,
    run() {
      const error = errors[this.runs++];
      return error === undefined ? Promise.resolve() : Promise.reject(error);
    },
  };
}

const gone = (what: string) => new FleetError('unavailable', what);

test('a source that may come back is run again and told about once per kind of failure', async () => {
  const told: string[] = [];
  const sensor = aSource('sensor', [gone('pulled'), gone('pulled'), gone('pulled'), gone('noise')]);
  const taken = aSource('http', [new FleetError('port-in-use', 'taken')]);
  await runSources([sensor, taken], {
    newSink: () => createFakeSink().sink,
    clock: createSimClock(),
    random: () => 0,
    log: silentLog,
    signal: new AbortController().signal,
    onFailed: (error, { name, isFinal }) => told.push(`${name} ${error.reason} ${isFinal}`),
  });
  assert.deepEqual(told, ['sensor pulled false', 'http taken true', 'sensor noise false']);
  assert.deepEqual([sensor.runs, taken.runs], [5, 1]);
});
