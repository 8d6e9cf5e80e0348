import { atLeast, atMost, type BenchResult, printed } from '../result.ts';
import { type Answers, accuracyOf, pairedDifference } from './interval.ts';
import { type MethodName, methodList, methods } from './methods.ts';

/** The answers of one net to one data set's test images. */
export interface Row {
  readonly name: string;
  readonly float: Answers;
  readonly int8: ReadonlyMap<MethodName, Answers>;
}

const unit = 'points';

/** What lies above zero, in points. */
const leastGain = 0.001;

/** Two ways that are compared, ours first. */
export type Rivals = readonly [ours: MethodName, plain: MethodName];

/** A way and the plainer one that it must not be below of, and above of where that one loses. */
const rivals = [
  ['best', 'tensor'],
  ['best', 'channel'],
  ['a4', 'w4'],
  ['a3', 'w3'],
] as const satisfies readonly Rivals[];

/**
 * The rivals of which ours is below the plain one, were this the only comparison. Among twenty one such
 * is to be expected by chance, so other trainings decide: `repeated`.
 */
export function doubtsOf({ int8 }: Row): readonly Rivals[] {
  return rivals.filter(([ours, plain]) => {
    return pairedDifference(int8.get(ours) ?? [], int8.get(plain) ?? []).high < 0;
  });
}

/** What other trainings say about doubted rivals, each by an interval of its own. */
export function repeated({ name, int8 }: Row, doubted: readonly Rivals[]): readonly BenchResult[] {
  return doubted.map(([ours, plain]) => {
    const { high } = pairedDifference(int8.get(ours) ?? [], int8.get(plain) ?? []);
    const title = `${name}: ${methods[ours].name} above ${methods[plain].name}`;
    return atLeast(`${title}, other trainings, upper end`, { value: high, unit, bound: 0 });
  });
}

/**
 * What a row says: each loss, with its bound where there is one; and that what we do after training
 * is not worse than the plain way, and better where the plain way loses for certain. Five nets of two
 * data sets beside two plain ways are twenty comparisons, any of which may go wrong by chance, so that
 * these intervals hold together.
 */
export function verdicts(row: Row): readonly BenchResult[] {
  const answers = (key: MethodName) => row.int8.get(key) ?? [];
  const together = { together: 'twenty' } as const;
  return [
    printed(`${row.name}: float accuracy`, accuracyOf(row.float), 'per cent'),
    ...methodList.map(([key, { name, mostLoss }]) => {
      const value = pairedDifference(row.float, answers(key)).points;
      const title = `${row.name}: ${name}, loss`;
      return mostLoss === undefined
        ? printed(title, value, unit)
        : atMost(title, { value, unit, bound: mostLoss });
    }),
    ...rivals.flatMap(([ours, plain]) => {
      const title = `${row.name}: ${methods[ours].name} above ${methods[plain].name}`;
      const { high } = pairedDifference(answers(ours), answers(plain), together);
      const notBelow = atLeast(`${title}, upper end`, { value: high, unit, bound: 0 });
      const loses = pairedDifference(row.float, answers(plain), together).low > 0;
      if (!loses) return [notBelow];
      const { low } = pairedDifference(answers(ours), answers(plain));
      return [notBelow, atLeast(`${title}, lower end`, { value: low, unit, bound: leastGain })];
    }),
  ];
}
