import type { Client } from '@edgewise/hub/client';
import { encodeNpz } from '@edgewise/models/data';
import { createRandom } from '@edgewise/models/random';
import { type Tensor, tensor } from '@edgewise/models/tensor';
import type { ModelPolicies, ModelVersion, Run } from '@edgewise/protocol/http';
import { until } from './until.ts';

/** A user's own small task: three readings of a pump tell whether it is worn. */
export const pumps = 'pumps';
const pumpClasses = ['good', 'worn'] as const;

/** One reading of a pump in a state, by chance. */
export interface Reading {
  readonly values: readonly [vibration: number, temperature: number, pressure: number];
  readonly state: (typeof pumpClasses)[number];
}

/** Readings in equal parts of both states. */
export function readings(count: number, seed: number): readonly Reading[] {
  const { normal } = createRandom(seed);
  const around = (centre: number, spread: number) =>
    Number((centre + (spread * normal()) / 2).toFixed(3));
  return Array.from({ length: count }, (_, index) =>
    index % 2 === 0
      ? { values: [around(0.2, 0.1), around(40, 4), around(3, 0.3)], state: 'good' }
      : { values: [around(0.6, 0.2), around(55, 5), around(2.4, 0.3)], state: 'worn' },
  );
}

/** The readings as a table with a heading. */
export function csvOf(list: readonly Reading[]): string {
  const rows = list.map(({ values, state }) => [...values, state].join(','));
  return ['vibration,temperature,pressure,state', ...rows, ''].join('\n');
}

interface RecipeSize {
  readonly epochs: number;
  /** Width of the two hidden layers: 512 makes a bundle of some 300 kB. */
  readonly width: number;
}

/** A recipe for the readings. */
export function pumpRecipe({ epochs, width }: RecipeSize): object {
  return {
    name: pumps,
    task: 'classification',
    input: { shape: [3], dtype: 'float32', scale: 0.05 },
    layers: [
      { kind: 'dense', units: width },
      { kind: 'relu' },
      { kind: 'dense', units: width },
      { kind: 'relu' },
      { kind: 'dense', units: 2 },
    ],
    loss: 'softmax-cross-entropy',
    optimizer: { kind: 'adam', rate: 0.003 },
    schedule: { kind: 'constant' },
    epochs,
    batchSize: 32,
    seed: 1,
  };
}

interface Registration extends RecipeSize {
  readonly policies?: Partial<ModelPolicies>;
}

/** Uploads readings as `.npz` and registers the model. */
export async function registerPumps(client: Client, size: Registration): Promise<void> {
  for (const [part, count, seed] of [
    ['train', 600, 1],
    ['validation', 200, 2],
    ['test', 200, 3],
  ] as const) {
    const list = readings(count, seed);
    const x = Float32Array.from(list.flatMap(({ values }) => [...values]));
    const y = Uint8Array.from(list, ({ state }) => pumpClasses.indexOf(state));
    const arrays = new Map<string, Tensor>([
      ['x', tensor('float32', [count, 3], x)],
      ['y', tensor('uint8', [count], y)],
    ]);
    await client.call('importSamples', {
      params: { dataset: pumps },
      query: { part, classes: pumpClasses.join(',') },
      body: encodeNpz(arrays),
    });
  }
  const { policies = {} } = size;
  await client.call('putModel', {
    params: { model: pumps },
    body: { dataset: pumps, recipe: pumpRecipe(size), policies },
  });
}

/** Waits for the end of a run and gives its version. */
export async function finishedRun(client: Client, id: string): Promise<ModelVersion> {
  const run = await until(
    async () => {
      const now = await client.call('getRun', { params: { run: id } }).catch(() => undefined);
      return now !== undefined && isOver(now) && now;
    },
    { what: `run ${id}`, timeoutMs: 90_000, everyMs: 200 },
  );
  if (run.status !== 'done') throw new Error(`Run ${id}: ${run.error?.detail ?? run.status}`);
  const { model, version } = run;
  return await client.call('getVersion', { params: { model, version: String(version) } });
}

/** Trains a version from start to end. */
export async function trainPumps(client: Client, seed = 1): Promise<ModelVersion> {
  const { id } = await client.call('startRun', { body: { model: pumps, seed } });
  return await finishedRun(client, id);
}

const isOver = ({ status }: Run): boolean => status !== 'queued' && status !== 'running';
