import { atLeast, atMost, type BenchResult, printed } from '../result.ts';
import { type Answers, accuracyOf, type Difference, pairedDifference } from './interval.ts';
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

/** What three trainings leave open about two rivals. */
export interface Doubt {
  readonly rivals: Rivals;
  /** `below`: ours is below the plain one, were this the only comparison; `gain`: what it gains is not certain. */
  readonly about: 'below' | 'gain';
}

/**
 * What other trainings are to decide, by `repeated`: among twenty comparisons one that seems below is
 * to be expected by chance, and a small gain may be there without being seen.
 */
export function doubtsOf(row: Row): readonly Doubt[] {
  return rivals.flatMap((pair): readonly Doubt[] => {
    const { low, high } = between(row, pair);
    if (high < 0) return [{ rivals: pair, about: 'below' }];
    const isOpen = hasToGain(row, pair) && low < leastGain;
    return isOpen ? [{ rivals: pair, about: 'gain' }] : [];
  });
}

/** What other trainings say about what was doubted, each by an interval of its own. */
export function repeated(row: Row, doubts: readonly Doubt[]): readonly BenchResult[] {
  return doubts.map(({ rivals: pair, about }) => {
    const { low, high } = between(row, pair);
    const title = `${titleOf(row, pair)}, other trainings`;
    return about === 'below'
      ? atLeast(`${title}, upper end`, { value: high, unit, bound: 0 })
      : atLeast(`${title}, lower end`, { value: low, unit, bound: leastGain });
  });
}

const answersIn = ({ int8 }: Row, key: MethodName): Answers => int8.get(key) ?? [];
const between = (row: Row, [ours, plain]: Rivals): Difference =>
  pairedDifference(answersIn(row, ours), answersIn(row, plain));
const titleOf = ({ name }: Row, [ours, plain]: Rivals): string =>
  `${name}: ${methods[ours].name} above ${methods[plain].name}`;

/** Whether the plain way loses for certain. */
const hasToGain = (row: Row, [, plain]: Rivals): boolean =>
  pairedDifference(row.float, answersIn(row, plain), together).low > 0;

const together = { together: 'twenty' } as const;

/**
 * What a row says: each loss, with its bound where there is one; and that what we do after training
 * is not worse than the plain way; what it gains where the plain way loses for certain is printed, and
 * decided by `doubtsOf` and `repeated`. Five nets of two
 * data sets beside two plain ways are twenty comparisons, any of which may go wrong by chance, so that
 * these intervals hold together.
 */
export function verdicts(row: Row): readonly BenchResult[] {
  return [
    printed(`${row.name}: float accuracy`, accuracyOf(row.float), 'per cent'),
    ...methodList.map(([key, { name, mostLoss }]) => {
      const value = pairedDifference(row.float, answersIn(row, key)).points;
      const title = `${row.name}: ${name}, loss`;
      return mostLoss === undefined
        ? printed(title, value, unit)
        : atMost(title, { value, unit, bound: mostLoss });
    }),
    ...rivals.flatMap((pair) => {
      const [ours, plain] = pair;
      const title = titleOf(row, pair);
      const { high } = pairedDifference(answersIn(row, ours), answersIn(row, plain), together);
      const notBelow = atLeast(`${title}, upper end`, { value: high, unit, bound: 0 });
      return hasToGain(row, pair)
        ? [notBelow, printed(`${title}, lower end`, between(row, pair).low, unit)]
        : [notBelow];
    }),
  ];
}
