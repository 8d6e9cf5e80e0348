import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workloads } from './networks.ts';
import { compareSides } from './rounds.ts';
import type { Measurement, Side } from './side.ts';

/** A side whose speed is 100 times the batch size up to 128, with every second turn disturbed. */
function createFakeSide(
  log: string[],
  name: string,
  slower?: number,
): Side & { works: Measurement[] } {
  const works: Measurement[] = [];
  return {
    ...{ name, threads: 1, works },
    ...(slower === undefined ? {} : { slower }),
    measure(work) {
      works.push(work);
      log.push(name);
      const speed = 100 * Math.min(work.batchSize, 128) - (work.batchSize > 128 ? 1 : 0);
      return Promise.resolve(works.length % 2 === 0 ? speed / 10 : speed);
    },
  };
}

test('each side is measured at its best batch size, in turn with the others, by its least disturbed turn', async () => {
  const log: string[] = [];
  const sides = [createFakeSide(log, 'a'), createFakeSide(log, 'b')];
  const speeds = await compareSides('cnn', sides, () => undefined);
  assert.deepEqual([...speeds.values()], [12_800, 12_800]);
  const { batchSizes } = workloads.cnn;
  const chosen = sides.map(({ works }) => works.slice(batchSizes.length));
  assert.ok(chosen.flat().every(({ batchSize }) => batchSize === 128));
  const turns = log.slice(sides.length * batchSizes.length);
  assert.deepEqual(turns.slice(0, 4), ['a', 'b', 'a', 'b']);
});

test('a slower side trains fewer images, and every side at least four steps', async () => {
  const side = createFakeSide([], 'slow', 8);
  await compareSides('mobilenet', [side], () => undefined);
  const { images } = workloads.mobilenet;
  assert.deepEqual(
    side.works.slice(0, 3).map(({ batchSize, steps }) => [batchSize, steps]),
    workloads.mobilenet.batchSizes.map((size) => [
      size,
      Math.max(4, Math.round(images / 8 / size)),
    ]),
  );
});
