import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LiveEvent } from '@edgewise/protocol/http';
import { createEventLog, type NumberedEvent } from './event-log.ts';

const metric = (step: number): LiveEvent => ({
  kind: 'metric',
  run: 'r1',
  metric: { step, epoch: 0, loss: 1 },
});
const stepsOf = (events: readonly NumberedEvent[]) =>
  events.map(({ event }) => (event.kind === 'metric' ? event.metric.step : event.kind));

function collect(log: ReturnType<typeof createEventLog>, lastId?: string) {
  const events: NumberedEvent[] = [];
  const stop = log.follow(lastId, (event) => events.push(event));
  return { events, stop };
}

test('a reader that comes back gets exactly what it missed', () => {
  const log = createEventLog({ boot: 'b', now: () => 0 });
  const first = collect(log);
  log.emit(metric(1));
  log.emit(metric(2));
  first.stop();
  log.emit(metric(3));
  log.emit(metric(4));
  assert.deepEqual(stepsOf(first.events), [1, 2]);
  assert.deepEqual(stepsOf(collect(log, first.events.at(-1)?.id).events), [3, 4]);
});

test('a reader that was away too long, or comes from another process, is told to start anew', () => {
  const log = createEventLog({ boot: 'b', now: () => 7, keep: 2 });
  for (const step of [1, 2, 3, 4]) log.emit(metric(step));
  assert.deepEqual(stepsOf(collect(log, 'b-1').events), ['reset']);
  assert.deepEqual(stepsOf(collect(log, 'a-4').events), ['reset']);
  assert.deepEqual(stepsOf(collect(log, 'b-99').events), ['reset']);
  assert.deepEqual(stepsOf(collect(log, 'b-2').events), [3, 4]);
});

test('predictions pass through and are not kept', () => {
  const log = createEventLog({ boot: 'b', now: () => 0 });
  const live = collect(log);
  log.emit(metric(1));
  log.emit({
    kind: 'prediction',
    prediction: {
      v: 1,
      device: 'd',
      model: 'm',
      version: 1,
      atMs: 0,
      item: 0,
      class: 1,
      confidence: 1,
      latencyUs: 5,
    },
  });
  assert.deepEqual(stepsOf(live.events), [1, 'prediction']);
  assert.deepEqual(stepsOf(collect(log, 'b-0').events), [1]);
});
