import {
  encodeGolden,
  makeGolden,
  type PackedBundle,
  packBundle,
  type Signer,
} from '@edgewise/models/bundle';
import { sha256 } from '@edgewise/models/crypto';
import { createGraphBuilder, writeModel } from '@edgewise/models/onnx';
import { countReference, createProfile, encodeProfile, fitBins } from '@edgewise/models/profile';
import { createOnnxRuntime, detectDeviceClass } from '@edgewise/models/runtime-onnx';
import { tensor } from '@edgewise/models/tensor';

/** Three probabilities of four numbers, and the numbers themselves as the profile. */
function graph(version: number): Uint8Array {
  const builder = createGraphBuilder({ name: 'tiny' });
  const x = builder.input('x', 'float32', ['batch', 4]);
  const numbers = Float32Array.from({ length: 12 }, (_, index) => ((index * version) % 5) - 2);
  const weight = builder.constant(tensor('float32', [4, 3], numbers));
  builder.op('Softmax', [builder.op('MatMul', [x, weight])], { output: 'probabilities' });
  builder.op('Identity', [x], { output: 'profile' });
  builder.output('probabilities', 'float32', ['batch', 3]);
  builder.output('profile', 'float32', ['batch', 4]);
  return writeModel(builder.build());
}

const rows = (count: number) =>
  tensor(
    'float32',
    [count, 4],
    Float32Array.from({ length: count * 4 }, (_, index) => Math.sin(index * 1.7)),
  );

/** A signed bundle that ONNX Runtime runs on this machine, with a profile; windows of ten inputs. */
export async function aRealBundle(signer: Signer, version = 1): Promise<PackedBundle> {
  const model = graph(version);
  await using session = await createOnnxRuntime().load(model, { optimise: 'none' });
  const golden = encodeGolden(await makeGolden(session, { x: rows(8) }));
  const bins = fitBins(rows(200), ['a', 'b', 'c', 'd'], { classes: 3 });
  const reference = countReference(bins, { features: rows(200) }, { cohort: 'original' });
  const profile = createProfile(bins, [reference], { sha256 });
  const blobs = new Map([
    ['graph.onnx', model],
    ['golden.bin', golden],
    ['profile.json', encodeProfile(profile)],
  ]);
  const digest = (character: string) => character.repeat(64);
  return await packBundle(
    {
      minAgent: '0.1.0',
      model: 'tiny',
      version,
      deviceClass: detectDeviceClass(),
      createdAtMs: 1_700_000_000_000,
      task: { kind: 'classification', classes: ['a', 'b', 'c'], output: 'probabilities' },
      inputs: [{ name: 'x', dtype: 'float32', dims: [4], source: 'vector' }],
      profileOutput: 'profile',
      profile: profile.digests,
      parity: { tolerance: 1e-5, topAgreement: 1 },
      lineage: { recipe: digest('a'), snapshot: digest('b'), run: digest('c'), model: digest('d') },
      window: { samples: 10, maxSpanMs: 60_000, minSpanMs: 0 },
    },
    blobs,
    { signer, sha256 },
  );
}
