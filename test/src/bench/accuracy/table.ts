import { type Answers, accuracyOf, pairedDifference } from './interval.ts';

type Columns<K extends string> = readonly (readonly [K, { readonly name: string }])[];

const nameWidth = 35;
const width = 13;

/** Two lines above the rows: float accuracy in per cent, then what each method changes, in points. */
export function heading(columns: Columns<string>): readonly string[] {
  const names = columns.map(([, { name }]) => name.split(' '));
  const line = (first: string, second: string, words: readonly string[]) =>
    [first.padEnd(nameWidth), second.padEnd(9), ...words.map((word) => word.padEnd(width))].join(
      '',
    );
  return [
    line(
      '',
      'float',
      names.map(([word = '']) => word.replace('quantize_static', 'static')),
    ),
    line(
      'points with 95 % intervals',
      '%',
      names.map(([, ...words]) => words.join(' ')),
    ),
  ];
}

/** One net with all methods. */
export function rowOf<K extends string>(
  row: {
    readonly name: string;
    readonly float: Answers;
    readonly int8: ReadonlyMap<K, Answers>;
  },
  columns: Columns<K>,
): string {
  const cells = columns.map(([key]) => {
    const { points, high } = pairedDifference(row.int8.get(key) ?? [], row.float);
    const sign = points < 0 ? '-' : '+';
    return `${sign}${Math.abs(points).toFixed(2)} ±${(high - points).toFixed(2)}`.padEnd(width);
  });
  const float = accuracyOf(row.float).toFixed(2).padEnd(9);
  return `${row.name.padEnd(nameWidth)}${float}${cells.join('')}`.trimEnd();
}
