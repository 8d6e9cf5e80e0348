import { createOnnxRuntime } from '@edgewise/models/runtime-onnx';
import { train } from '@edgewise/models/train';
import type { BenchContext, RunBench } from '../bench.ts';
import { atLeast, atMost, type BenchResult, printed } from '../result.ts';
import { answer } from './answer.ts';
import { type DataSet, findFashion, readMnist } from './data-sets.ts';
import { type Answers, accuracyOf, pairedDifference } from './interval.ts';
import { type Method, methods } from './methods.ts';
import { type Net, nets } from './nets.ts';
import { heading, rowOf } from './table.ts';

const trainings = 3;

/** What plain int8 must lose for certain before there is something to gain, in points. */
const worthGaining = 0.1;

type MethodName = keyof typeof methods;

/** The answers of one net to one data set's test images. */
interface Row {
  readonly name: string;
  readonly float: Answers;
  readonly int8: ReadonlyMap<MethodName, Answers>;
}

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

const methodList = Object.entries(methods) as readonly (readonly [MethodName, Method])[];

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

function verdicts(row: Row): readonly BenchResult[] {
  const answers = (key: MethodName) => row.int8.get(key) ?? [];
  const unit = 'points';
  return [
    printed(`${row.name}: float accuracy`, accuracyOf(row.float), 'per cent'),
    ...methodList.map(([key, { name, mostLoss }]) => {
      const loss = pairedDifference(row.float, answers(key)).points;
      const title = `${row.name}: ${name}, loss`;
      if (mostLoss === undefined) return printed(title, loss, unit);
      return atMost(title, { value: loss, unit, bound: mostLoss });
    }),
    ...(['tensor', 'channel'] as const).flatMap((plain) => {
      const gain = pairedDifference(answers('best'), answers(plain));
      const loss = pairedDifference(row.float, answers(plain));
      const title = `${row.name}: auto above ${methods[plain].name}`;
      const notBelow = atLeast(`${title}, upper end`, { value: gain.high, unit, bound: 0 });
      if (loss.low < worthGaining) return [notBelow];
      const isAbove = atLeast(`${title}, lower end`, { value: gain.low, unit, bound: 0 });
      return [notBelow, isAbove];
    }),
  ];
}
