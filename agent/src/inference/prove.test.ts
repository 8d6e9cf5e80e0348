import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeGolden, type Manifest, makeGolden } from '@edgewise/models/bundle';
import { createGraphBuilder, writeModel } from '@edgewise/models/onnx';
import { createOnnxRuntime } from '@edgewise/models/runtime-onnx';
import { tensor } from '@edgewise/models/tensor';
import { FleetError } from '@edgewise/protocol';
import type { VerifiedBundle } from '../slots/bundle-folder.ts';
import { prove } from './prove.ts';

const witness = { build: 'engine 1', deviceClass: 'x64', nowMs: 7 } as const;

test('a class that differs refuses a bundle although no number is out of its limits', async () => {
  await using right = await scores(0);
  await using other = await scores(0.02);
  const rows = Float32Array.of(0.5, 0.51, 0.1, 0.9, 0.9, 0.1);
  const golden = await makeGolden(right, { x: tensor('float32', [3, 2], rows) });
  const bundle = aBundle({ tolerance: 0.05, topAgreement: 1 }, encodeGolden(golden));
  assert.equal((await prove(right, bundle, witness)).ok, true);
  await assert.rejects(
    prove(other, bundle, witness),
    (thrown) =>
      thrown instanceof FleetError &&
      thrown.code === 'parity-failed' &&
      /2 of 3 top classes agree \(needed 3\)/.test(thrown.reason),
  );
  const lenient = aBundle({ tolerance: 0.05, topAgreement: 2 / 3 }, encodeGolden(golden));
  const { ok, topAgreement, atMs } = await prove(other, lenient, witness);
  assert.deepEqual([ok, topAgreement, atMs], [true, 2 / 3, 7]);
});

test('an answer that is no number is told as such', async () => {
  await using right = await scores(0);
  await using broken = await scores(Number.NaN);
  const golden = await makeGolden(right, { x: tensor('float32', [1, 2], Float32Array.of(1, 2)) });
  const bundle = aBundle({ tolerance: 1e30, topAgreement: 0 }, encodeGolden(golden));
  await assert.rejects(
    prove(broken, bundle, witness),
    (thrown) =>
      thrown instanceof FleetError &&
      thrown.code === 'parity-failed' &&
      thrown.reason.startsWith('Golden answers are no numbers in y, '),
  );
});

test('a bundle without golden vectors is malformed', async () => {
  await using session = await scores(0);
  const bundle = {
    ...aBundle({ tolerance: 1, topAgreement: 0 }, new Uint8Array()),
    files: new Map(),
  };
  await assert.rejects(
    prove(session, bundle, witness),
    (thrown) => thrown instanceof FleetError && thrown.code === 'malformed',
  );
});

/** Two numbers as they are, but that something is added to the first. */
function scores(added: number) {
  const graph = createGraphBuilder({ name: 'scores' });
  const x = graph.input('x', 'float32', ['batch', 2]);
  const shift = graph.constant(tensor('float32', [2], Float32Array.of(added, 0)));
  graph.op('Add', [x, shift], { output: 'y' });
  graph.output('y', 'float32', ['batch', 2]);
  return createOnnxRuntime().load(writeModel(graph.build()));
}

function aBundle(parity: Manifest['parity'], golden: Uint8Array): VerifiedBundle {
  const task = { kind: 'classification', classes: ['a', 'b'], output: 'y' };
  const manifest = { task, parity } as unknown as Manifest;
  const ref = { model: 'm', version: 1, manifest: 'a'.repeat(64) } as VerifiedBundle['ref'];
  return { ref, manifest, files: new Map([['golden.bin', golden]]) };
}
