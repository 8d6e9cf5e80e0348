import { writeModel } from '@edgewise/models/onnx';
import { namedRuntime } from '@edgewise/models/runtime';
import { createOnnxRuntime } from '@edgewise/models/runtime-onnx';
import { type Shrunk, shrinkWeightOnly } from '@edgewise/models/shrink';
import { FleetError } from '@edgewise/protocol';
import { answer } from './context.ts';
import { type Io, percent, sizeOf } from './io.ts';
import type { ModelFile } from './model-file.ts';
import { naming, writeNamedFile } from './named-file.ts';
import { roundingText } from './quantize-text.ts';

/** Flags that say how weights alone are stored. */
export interface WeightOnlyFlags {
  readonly out: string;
  readonly weightBits: string;
  readonly json?: boolean;
}

/**
 * `edgewise quantize --weight-only`: weights in int8 or int4, everything computed in float. With weights
 * whose rounding was learned where those are given. Throws `invalid-argument` for other numbers of bits
 * and `unsupported` for a model without a weight that is worth it.
 */
export async function writeWeightOnly(
  io: Io,
  { file, bytes, model }: ModelFile,
  { flags, rounded }: { readonly flags: WeightOnlyFlags; readonly rounded?: Shrunk },
): Promise<void> {
  const { out, weightBits } = flags;
  if (weightBits !== '8' && weightBits !== '4') {
    throw new FleetError('invalid-argument', '--weight-only goes with --weight-bits 8 or 4.');
  }
  const bits = weightBits === '8' ? 8 : 4;
  const small = naming(file, () => shrinkWeightOnly(model, { bits, ...(rounded && { rounded }) }));
  const { weights, bytesAfter } = small.report;
  if (weights.length === 0) {
    throw new FleetError('unsupported', `${file}: No weight of it has 256 numbers or more.`);
  }
  const graph = writeModel(small.model);
  // A file that the engine refuses must not look like a success.
  await using _ = await namedRuntime(createOnnxRuntime(), out).load(graph, { signal: io.signal });
  await writeNamedFile(io, out, graph);
  const { rounding } = rounded?.report ?? {};
  const facts = { out, weightBits: bits, bytesBefore: bytes, bytesAfter, weights };
  answer(io, flags, { ...facts, ...(rounding && { rounding }) }, () =>
    [
      `${out}: ${sizeOf(bytesAfter)}, ${percent(bytesAfter / bytes)} of ${sizeOf(bytes)}`,
      `${weights.length} weights in int${bits}; everything computes in float`,
      ...roundingText(rounding),
    ].join('\n'),
  );
}
