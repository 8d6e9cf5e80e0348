/** The whole agent on the processor of a Raspberry Pi 4; the hub stays on this machine. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { readManifest } from '@edgewise/models/bundle';
import { sha256 } from '@edgewise/models/crypto';
import { createOnnxRuntime } from '@edgewise/models/runtime-onnx';
import { tensor } from '@edgewise/models/tensor';
import type { Device, ModelVersion, ParityRow } from '@edgewise/protocol/http';
import { pumps, readings, registerPumps, trainPumps } from '../e2e/pumps.ts';
import { openStage, type Stage, type StagedAgent, untilDevice } from '../e2e/stage.ts';
import { openMachines } from './machines.ts';

const opened = await openMachines();
const skip = opened.ok ? false : opened.reason;
/** Loading the agent's modules takes seconds there. */
const timeoutMs = 180_000;

const cleanup = new AsyncDisposableStack();
let stage: Stage;
let pi: StagedAgent;
let served: Device;
let version: ModelVersion;
before(async () => {
  if (!opened.ok) return;
  const machine = opened.machines.find(({ processor }) => processor.name === 'cortex-a72');
  assert.ok(machine);
  stage = cleanup.use(await openStage());
  const { client } = stage;
  pi = await stage.enrol('pi-4', { node: machine.node });
  await registerPumps(client, { epochs: 10, width: 64, policies: { autoRetrain: false } });
  [version] = await Promise.all([trainPumps(client), pi.start()]);
  await client.call('startRollout', { body: { model: pumps, version: version.version } });
  served = await untilDevice(stage, pi.device, {
    ...{ fits: ({ converged, state }) => converged && state?.slots.active !== undefined },
    ...{ what: 'to serve version 1', timeoutMs },
  });
});
after(() => cleanup.disposeAsync());

const variant = () => version.variants.find(({ deviceClass }) => deviceClass === 'arm64');
const downloaded = (name: string): Promise<Uint8Array> =>
  readFile(path.join(pi.folder, 'bundles', variant()?.bundle.manifest ?? '', name));

test('an agent on a Cortex-A72 enrols as a device without dot product', { skip }, () => {
  assert.equal(served.deviceClass, 'arm64');
  assert.equal(served.presence.status, 'online');
});

test('it downloads the variant of its class whole', { skip }, async () => {
  const manifest = await downloaded('manifest.json');
  assert.equal(sha256(manifest), variant()?.bundle.manifest);
  const graph = readManifest(manifest).blobs.find(({ name }) => name === 'graph.onnx');
  assert.equal(sha256(await downloaded('graph.onnx')), graph?.sha256);
});

test('it proves the golden vectors before it serves, and the hub shows its certificate', {
  skip,
}, async () => {
  const rows: readonly ParityRow[] = await stage.client.call('parity', {
    params: { model: pumps },
  });
  const [proof, ...others] = rows.flatMap(({ devices }) => devices);
  assert.deepEqual(others, []);
  assert.deepEqual([proof?.device, proof?.outcome], [pi.device, 'proved']);
  const { parity } = proof ?? {};
  assert.deepEqual([parity?.ok, parity?.deviceClass], [true, 'arm64']);
  assert.match(parity?.runtime ?? '', /^onnxruntime \S+ arm64 asimd$/);
});

test('its answers over HTTP are what this machine computes from the same file', {
  skip,
}, async () => {
  const values = readings(6, 9).map((reading) => [...reading.values]);
  const answers = await pi.predict(values);
  const graph = await downloaded('graph.onnx');
  const { task, inputs } = readManifest(await downloaded('manifest.json'));
  assert.ok(task.kind === 'classification' && inputs[0] !== undefined);
  await using session = await createOnnxRuntime().load(graph);
  const x = tensor('float32', [values.length, 3], Float32Array.from(values.flat()));
  const outputs = await session.run({ [inputs[0].name]: x }, { outputs: [task.output] });
  const probabilities = outputs[task.output]?.data as Float32Array;
  for (const [index, { class: best, confidence }] of answers.entries()) {
    const row = probabilities.subarray(2 * index, 2 * index + 2);
    assert.equal(best, row.indexOf(Math.max(...row)));
    // Softmax is float, and may differ in its last bits.
    assert.ok(Math.abs(confidence - Math.max(...row)) < 1e-6, `${confidence} is not in ${row}`);
  }
  assert.equal(answers.length, values.length);
});
