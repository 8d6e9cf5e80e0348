import { createOnnxRuntime } from '@edgewise/models/runtime-onnx';
import { train } from '@edgewise/models/train';
import type { BenchContext, RunBench } from '../bench.ts';
import type { BenchResult } from '../result.ts';
import { answer } from './answer.ts';
import { type DataSet, findFashion, readMnist } from './data-sets.ts';
import { methodList } from './methods.ts';
import { type Net, nets } from './nets.ts';
import { heading, rowOf } from './table.ts';
import { type Row, verdicts } from './verdicts.ts';

const trainings = 3;

/** What int8 costs every net by every method, with bounds and paired 95 % intervals. */
export const benchAccuracy: RunBench = async (context) => {
  const fashion = await findFashion();
  if (!fashion.ok) context.say.fact(`Fashion-MNIST is skipped: ${fashion.reason}`);
  const sets = [await readMnist(), ...(fashion.ok ? [fashion.set] : [])];
  const results: BenchResult[] = [];
  for (const line of heading(methodList)) context.say.fact(line);
  for (const set of sets) {
    for (const net of nets) {
      const row = await measure(set, net, context);
      context.say.fact(rowOf(row, methodList));
      results.push(...verdicts(row));
    }
  }
  return results;
};

async function measure(set: DataSet, net: Net, { seed: first, say }: BenchContext): Promise<Row> {
  const runtime = createOnnxRuntime();
  const name = `${set.name} ${net.name}`;
  const float: Uint8Array[] = [];
  const int8 = new Map(methodList.map(([key]) => [key, [] as Uint8Array[]]));
  for (let seed = first; seed < first + trainings; seed++) {
    say.progress(`${name}: training with seed ${seed}`);
    const given = { recipe: net.recipe, data: set.train, seed, runtime };
    const { model } = await train(given);
    float.push(await answer(model, set.test, runtime));
    for (const [key, method] of methodList) {
      say.progress(`${name}: ${method.name} with seed ${seed}`);
      const small = await method.make({ ...given, model });
      int8.get(key)?.push(await answer(small, set.test, runtime));
    }
  }
  return { name, float, int8 };
}
