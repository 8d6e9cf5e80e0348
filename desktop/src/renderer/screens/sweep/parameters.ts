import type { Sweep } from '@edgewise/protocol/http';
import type { Spread } from '../../charts/dot-axis.ts';
import { formatNumber } from '../../text/format.ts';

/** A place of the recipe that a sweep varies. */
export interface Parameter {
  readonly name: string;
  /** How its values lie on an axis. */
  readonly spread: Spread;
  /** Where a value lies on that axis; `undefined` for one that has no place there. */
  readonly place: (value: unknown) => number | undefined;
  /** What rows are sorted by: numbers by size, all else by name. */
  readonly sortBy: (value: unknown) => string | number;
}

/** From how many numbers to choose from they lie on a scale, and not side by side. */
const mostNames = 6;
/** How many times the least value the greatest is where a scale of magnitudes tells more. */
const wideRange = 50;

/** What a sweep varies, in the order of its document. */
export function parametersOf({ spec }: Pick<Sweep, 'spec'>): readonly Parameter[] {
  return Object.entries(spec.parameters).map(([name, { values, scale }]) => {
    if (values === undefined) return scaled(name, scale === 'log' ? 'powers' : 'linear');
    const numbers = values.filter(isNumber);
    const sortBy = numbers.length === values.length ? sizeOf : valueName;
    if (numbers.length <= mostNames || sortBy === valueName)
      return { ...named(name, values), sortBy };
    return scaled(name, isWide(numbers) ? 'powers' : 'linear');
  });
}

function scaled(name: string, spread: Spread): Parameter {
  const place = (value: unknown) => (isNumber(value) ? value : undefined);
  return { name, spread, place, sortBy: sizeOf };
}

function named(name: string, values: readonly unknown[]): Omit<Parameter, 'sortBy'> {
  const names = values.map(valueName);
  return {
    ...{ name, spread: names },
    place(value) {
      const index = names.indexOf(valueName(value));
      return index < 0 ? undefined : index;
    },
  };
}

/** A value in a cell or below an axis: numbers rounded, whole optimizers by their fields. */
export function valueName(value: unknown): string {
  if (isNumber(value)) return formatNumber(value, 4);
  if (typeof value === 'string') return value;
  if (!isRecord(value)) return JSON.stringify(value) ?? '';
  return Object.entries(value)
    .map(([field, each]) => (field === 'kind' ? valueName(each) : `${field} ${valueName(each)}`))
    .join(', ');
}

const sizeOf = (value: unknown): number => (isNumber(value) ? value : Number.NEGATIVE_INFINITY);

const isNumber = (value: unknown): value is number => typeof value === 'number';

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function isWide(numbers: readonly number[]): boolean {
  const least = Math.min(...numbers);
  return least > 0 && Math.max(...numbers) / least >= wideRange;
}
