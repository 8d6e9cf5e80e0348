import { createOnnxRuntime } from '@edgewise/models/runtime-onnx';
import { train } from '@edgewise/models/train';
import type { BenchContext, RunBench } from '../bench.ts';
import type { BenchResult } from '../result.ts';
import { answer } from './answer.ts';
import { type DataSet, findFashion, readMnist } from './data-sets.ts';
import { type MethodName, methodList } from './methods.ts';
import { type Net, nets } from './nets.ts';
import { heading, rowOf } from './table.ts';
import { doubtsOf, type Row, repeated, verdicts } from './verdicts.ts';

const trainings = 3;
/** Of a net where three leave something open. */
const otherTrainings = 6;

/** What int8 costs every net by every method, with bounds and paired 95 % intervals. */
export const benchAccuracy: RunBench = async (context) => {
  const fashion = await findFashion();
  if (!fashion.ok) context.say.fact(`Fashion-MNIST is skipped: ${fashion.reason}`);
  const sets = [await readMnist(), ...(fashion.ok ? [fashion.set] : [])];
  const results: BenchResult[] = [];
  for (const line of heading(methodList)) context.say.fact(line);
  for (const set of sets) {
    for (const net of nets) {
      const row = await measure({ set, net, seeds: seedsFrom(context.seed, trainings) }, context);
      context.say.fact(rowOf(row, methodList));
      results.push(...verdicts(row));
      const doubted = doubtsOf(row);
      if (doubted.length === 0) continue;
      const seeds = seedsFrom(context.seed + trainings, otherTrainings);
      const only = new Set(doubted.flatMap(({ rivals }) => rivals));
      const others = await measure({ set, net, seeds, only }, context);
      results.push(...repeated(others, doubted));
    }
  }
  return results;
};

const seedsFrom = (first: number, count: number): readonly number[] =>
  Array.from({ length: count }, (_, at) => first + at);

interface Trial {
  readonly set: DataSet;
  readonly net: Net;
  readonly seeds: readonly number[];
  /** The methods to measure; by default all. */
  readonly only?: ReadonlySet<MethodName>;
}

async function measure({ set, net, seeds, only }: Trial, { say }: BenchContext): Promise<Row> {
  const runtime = createOnnxRuntime();
  const name = `${set.name} ${net.name}`;
  const measured = methodList.filter(([key]) => only?.has(key) ?? true);
  const float: Uint8Array[] = [];
  const int8 = new Map(measured.map(([key]) => [key, [] as Uint8Array[]]));
  for (const seed of seeds) {
    say.progress(`${name}: training with seed ${seed}`);
    const given = { recipe: net.recipe, data: set.train, seed, runtime };
    const { model } = await train(given);
    float.push(await answer(model, set.test, runtime));
    for (const [key, method] of measured) {
      say.progress(`${name}: ${method.name} with seed ${seed}`);
      const small = await method.make({ ...given, model });
      int8.get(key)?.push(await answer(small, set.test, runtime));
    }
  }
  return { name, float, int8 };
}
