import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { ModelInput } from '@edgewise/models/bundle';
import { encodeNpz } from '@edgewise/models/data';
import { tensor } from '@edgewise/models/tensor';
import { FleetError } from '@edgewise/protocol';
import { createFakeSink } from '../testing/fake-sink.test.fixture.ts';
import { createSimClock } from '../testing/sim-clock.ts';
import { parseSource } from './source-spec.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'edgewise-source-'));
});
after(() => rm(folder, { recursive: true }));

const inputs: readonly ModelInput[] = [
  { name: 'input', dtype: 'float32', dims: [2], source: 'vector' },
];

/** What a replay of the file puts in, as bytes of one float each. */
async function replayed(spec: string): Promise<readonly string[]> {
  const { sink, seen } = createFakeSink({ inputs });
  const clock = createSimClock();
  await parseSource(spec, { clock, onListening: () => undefined }).run(
    sink,
    new AbortController().signal,
  );
  return seen;
}

const bytesOf = (...numbers: number[]) =>
  new Uint8Array(Float32Array.from(numbers).buffer).join(',');

test('a table is replayed without its label column', async () => {
  const file = path.join(folder, 'pumps.csv');
  await writeFile(file, 'vibration,state,temperature\n0.5,good,20\n0.25,worn,30\n');
  const seen = await replayed(`replay:${file}?rate=0&label=state`);
  assert.deepEqual(seen, [bytesOf(0.5, 20), bytesOf(0.25, 30)]);
});

test('an archive is replayed from its array x', async () => {
  const file = path.join(folder, 'pumps.npz');
  const x = tensor('float32', [1, 2], Float32Array.of(1, 2));
  await writeFile(file, encodeNpz(new Map([['x', x]])));
  assert.deepEqual(await replayed(`replay:${file}?rate=0`), [bytesOf(1, 2)]);
});

test('a file that is missing, and a source of no kind, are named', async () => {
  const says = (text: RegExp) => (error: unknown) =>
    error instanceof FleetError && text.test(error.reason);
  const missing = replayed(`replay:${folder}/none.npy`);
  await assert.rejects(missing, says(/none\.npy: there is no such file/));
  await assert.rejects(replayed('camera:0'), says(/replay:FILE, http:PORT or serial:PATH/));
});
