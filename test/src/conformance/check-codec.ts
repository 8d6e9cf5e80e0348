import { isDeepStrictEqual } from 'node:util';
import { readModel, writeModel } from '@edgewise/models/onnx';
import { runEngine } from './engine.ts';
import type { ExpectedRun, OperatorCase } from './operator-cases.ts';
import { areEqual, isAsExpected } from './same-numbers.ts';

/**
 * What became of a case that was read and written:
 * `passed`: ONNX Runtime gives what the case expects;
 * `carried`: ONNX Runtime does not run the case, or gives something else for the original file too,
 * and what was written says the same as what was read;
 * `wrong`: anything else.
 */
export type CodecResult = 'passed' | 'carried' | 'wrong';

/** Reads and writes a case and runs both files. */
export async function checkCodec(one: OperatorCase): Promise<CodecResult> {
  const written = writeModel(one.model);
  if (!isDeepStrictEqual(readModel(written), one.model)) return 'wrong';
  let result: CodecResult = 'passed';
  for (const run of one.runs) {
    const part = await checkRun(one.bytes, written, run);
    if (part === 'wrong') return 'wrong';
    if (part === 'carried') result = 'carried';
  }
  return result;
}

async function checkRun(
  original: Uint8Array,
  written: Uint8Array,
  run: ExpectedRun,
): Promise<CodecResult> {
  const after = await runEngine(written, run);
  const expected = [...run.outputs.values()];
  if (after.ran && expected.every((value, at) => isAsExpected(after.outputs[at], value))) {
    return 'passed';
  }
  const before = await runEngine(original, run);
  if (!before.ran || !after.ran) return before.ran === after.ran ? 'carried' : 'wrong';
  return areEqual(before.outputs, after.outputs) ? 'carried' : 'wrong';
}
