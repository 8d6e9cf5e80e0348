/** One figure of a bench beside what it is held to. */
export interface BenchResult {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What it is compared with; null when there is nothing to compare with. */
  readonly reference: number | null;
  /** value / reference. */
  readonly ratio: number | null;
  /** The largest (`<=`) or smallest (`>=`) value that holds; null when it is only printed. */
  readonly bound: string | null;
  readonly holds: boolean;
}

interface Figure {
  readonly value: number;
  readonly unit: string;
  readonly bound: number;
  readonly reference?: number;
}

/** A figure that holds up to its bound. */
export function atMost(name: string, figure: Figure): BenchResult {
  return result(name, figure, { bound: `<= ${figure.bound}`, holds: figure.value <= figure.bound });
}

/** A figure that holds from its bound on. */
export function atLeast(name: string, figure: Figure): BenchResult {
  return result(name, figure, { bound: `>= ${figure.bound}`, holds: figure.value >= figure.bound });
}

/** A figure whose ratio to its reference must reach a bound. */
export function timesReference(
  name: string,
  figure: Figure & { readonly reference: number },
): BenchResult {
  const holds = figure.value / figure.reference >= figure.bound;
  return result(name, figure, { bound: `>= ${figure.bound} times the reference`, holds });
}

/** A figure that is held to nothing. */
export function printed(name: string, value: number, unit: string): BenchResult {
  return result(name, { value, unit }, { bound: null, holds: true });
}

function result(
  name: string,
  { value, unit, reference }: Omit<Figure, 'bound'>,
  verdict: Pick<BenchResult, 'bound' | 'holds'>,
): BenchResult {
  const compared = reference ?? null;
  return {
    name,
    value,
    unit,
    reference: compared,
    ratio: compared === null ? null : value / compared,
    ...verdict,
  };
}
