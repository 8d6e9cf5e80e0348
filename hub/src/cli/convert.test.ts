import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { readModel } from '@edgewise/models/onnx';
import { createOnnxRuntime } from '@edgewise/models/runtime-onnx';
import { tensor } from '@edgewise/models/tensor';
import * as tf from '@tensorflow/tfjs';
import { exitCodes, type Io } from './io.ts';
import { runProgram } from './program.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'edgewise-convert-'));
});
after(() => rm(folder, { recursive: true }));

async function run(...argv: string[]) {
  const said = { out: '', notes: '', code: exitCodes.done as number };
  const io: Io = {
    print: (line) => {
      said.out += `${line}\n`;
    },
    note: (line) => {
      said.notes += `${line}\n`;
    },
    progress: () => undefined,
    ...{ interactive: false, env: {}, cwd: folder, signal: new AbortController().signal },
    setExitCode: (code) => {
      said.code = code;
    },
  };
  await runProgram(argv, io, '9.9.9');
  return said;
}

/** Writes what `model.save` hands over, in weight files of at most `shardBytes`. */
async function save(model: tf.LayersModel, name: string, shardBytes: number): Promise<void> {
  await mkdir(path.join(folder, name));
  const handler = tf.io.withSaveHandler(async (artifacts) => {
    const { modelTopology, weightSpecs, weightData, format, generatedBy } = artifacts;
    const bytes = new Uint8Array(tf.io.CompositeArrayBuffer.join(weightData));
    const count = Math.ceil(bytes.length / shardBytes);
    const paths = Array.from({ length: count }, (_, at) => `group1-shard${at + 1}of${count}.bin`);
    for (const [at, file] of paths.entries()) {
      const part = bytes.subarray(at * shardBytes, (at + 1) * shardBytes);
      await writeFile(path.join(folder, name, file), part);
    }
    const weightsManifest = [{ paths, weights: weightSpecs }];
    const document = { format, generatedBy, modelTopology, weightsManifest };
    await writeFile(path.join(folder, name, 'model.json'), JSON.stringify(document));
    return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) };
  });
  await model.save(handler);
}

function imageModel(): tf.Sequential {
  const model = tf.sequential({ name: 'digits' });
  model.add(
    tf.layers.conv2d({
      ...{ filters: 4, kernelSize: 3, activation: 'relu', name: 'c', inputShape: [8, 8, 1] },
      kernelInitializer: tf.initializers.glorotUniform({ seed: 3 }),
    }),
  );
  model.add(tf.layers.flatten({ name: 'f' }));
  model.add(
    tf.layers.dense({
      ...{ units: 3, activation: 'softmax', name: 'd' },
      kernelInitializer: tf.initializers.glorotUniform({ seed: 4 }),
    }),
  );
  return model;
}

test('a model that tfjs saved in several weight files gives the same as ONNX', async () => {
  const model = imageModel();
  await save(model, 'images', 500);
  const { out, code, notes } = await run('convert', 'images/model.json', '--out', 'images.onnx');
  assert.equal(code, exitCodes.done, notes);
  assert.match(out, /^c +Conv2D$/m);
  assert.match(out, /^input +c_input +float32 \[N, 8, 8, 1\]$/m);
  assert.match(out, /^output +d +float32 \[N, 3\]$/m);
  assert.match(out, /475 parameters of 4 layers/);
  assert.match(out, /not compared/);
  const bytes = await readFile(path.join(folder, 'images.onnx'));
  assert.equal(readModel(bytes).graph.name, 'digits');
  const input = tensor(
    'float32',
    [2, 8, 8, 1],
    Float32Array.from({ length: 128 }, (_, at) => Math.sin(at)),
  );
  const expected = model.predict(tf.tensor(input.data, [2, 8, 8, 1])) as tf.Tensor;
  await using session = await createOnnxRuntime().load(bytes);
  const { d } = await session.run({ c_input: input });
  for (const [at, value] of expected.dataSync().entries()) {
    assert.ok(Math.abs(value - Number(d?.data[at])) < 1e-5);
  }
});

test('with --json the answer is one document', async () => {
  await save(imageModel(), 'json', 1e6);
  const { out } = await run('convert', 'json/model.json', '--out', 'json.onnx', '--json');
  const answer = JSON.parse(out);
  assert.deepEqual([answer.parameters, answer.notes], [475, []]);
  assert.deepEqual(answer.layers[1], { name: 'c', className: 'Conv2D' });
});

test('what cannot be converted is said with the file, and nothing is written', async () => {
  await save(imageModel(), 'broken', 500);
  await rm(path.join(folder, 'broken/group1-shard2of4.bin'));
  const missing = await run('convert', 'broken/model.json', '--out', 'broken.onnx');
  assert.match(missing.notes, /group1-shard2of4.bin cannot be read: there is no such file/);
  const shard = path.join('broken', 'group1-shard1of4.bin');
  const over = await run('convert', 'broken/model.json', '--out', shard);
  assert.match(over.notes, /group1-shard1of4\.bin is read; write to another file/);
  const file = path.join(folder, 'graph.json');
  await writeFile(
    file,
    '{"format":"graph-model","modelTopology":{"node":[]},"weightsManifest":[]}',
  );
  const graph = await run('convert', 'graph.json', '--out', 'broken.onnx');
  assert.match(graph.notes, /unsupported.*GraphModel.*tf2onnx/);
  assert.equal(graph.code, exitCodes.failed);
  await writeFile(
    file,
    '{"modelTopology":{},"weightsManifest":[{"paths":["../secret.bin"],"weights":[]}]}',
  );
  const outside = await run('convert', 'graph.json', '--out', 'broken.onnx');
  assert.match(outside.notes, /secret.bin does not lie beside the model/);
  await writeFile(file, 'no json');
  assert.match((await run('convert', 'graph.json', '--out', 'b.onnx')).notes, /is not JSON/);
  await assert.rejects(readFile(path.join(folder, 'broken.onnx')));
});
