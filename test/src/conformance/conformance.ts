import { checkCodec } from './check-codec.ts';
import { checkGradient } from './check-gradient.ts';
import { checkShapes } from './check-shapes.ts';
import { checkUpgrade } from './check-upgrade.ts';
import { type OperatorCase, operatorCases } from './operator-cases.ts';

/** The checks that a case goes through, by the column of the table. */
export const checks = {
  codec: checkCodec,
  shapes: checkShapes,
  upgrade: checkUpgrade,
  gradient: checkGradient,
} as const satisfies Record<string, (one: OperatorCase) => unknown>;
export type CheckName = keyof typeof checks;

/** How many cases had each result; a check that does not apply to a case counts nothing. */
export type Tally = ReadonlyMap<string, number>;

/** What became of all cases of one operator. */
export interface OperatorRow {
  readonly op: string;
  readonly cases: number;
  readonly results: Readonly<Record<CheckName, Tally>>;
}

/** What became of every case. */
export interface ConformanceReport {
  readonly rows: readonly OperatorRow[];
  /** Names of cases with a result that must not be, each with its check and what went wrong. */
  readonly faults: readonly string[];
}

/** The row of graphs that are about no single operator. */
export const severalOperators = '(graphs of several operators)';

/** Runs every check on every case of the unpacked package; equal cases give an equal report. */
export async function checkConformance(root: string): Promise<ConformanceReport> {
  const rows = new Map<
    string,
    { cases: number; results: Record<CheckName, Map<string, number>> }
  >();
  const faults: string[] = [];
  for await (const one of operatorCases(root)) {
    const op = one.op ?? severalOperators;
    const row = rows.get(op) ?? {
      cases: 0,
      results: { codec: new Map(), shapes: new Map(), upgrade: new Map(), gradient: new Map() },
    };
    rows.set(op, row);
    row.cases++;
    for (const name of Object.keys(checks) as CheckName[]) {
      const result = await resultOf(name, one);
      if (result === undefined) continue;
      const { [name]: tally } = row.results;
      tally.set(result.kind, (tally.get(result.kind) ?? 0) + 1);
      if (result.kind === 'wrong') faults.push(`${one.name}, ${name}${result.detail}`);
    }
  }
  const sorted = [...rows].sort(([a], [b]) => (a < b ? -1 : 1));
  return { rows: sorted.map(([op, row]) => ({ op, ...row })), faults };
}

async function resultOf(
  name: CheckName,
  one: OperatorCase,
): Promise<{ readonly kind: string; readonly detail: string } | undefined> {
  try {
    const kind = await checks[name](one);
    return kind && { kind, detail: '' };
  } catch (error) {
    return { kind: 'wrong', detail: `: ${(error as Error).message}` };
  }
}
