import { niceTicks } from './ticks.ts';

/**
 * How values lie on an axis: evenly, with zero or from their own ends; by their magnitude, for values
 * above zero; or side by side under names, where a value is the place of its name.
 */
export type Spread = 'zero' | 'linear' | 'powers' | readonly string[];

/** An axis from 0 to 1. */
export interface DotAxis {
  place(value: number): number;
  /** Where numbers or names are written. */
  readonly ticks: readonly { readonly at: number; readonly name: string }[];
}

interface AxisRequest {
  readonly spread: Spread;
  readonly format: (value: number) => string;
  /** About how many numbers there is room for. */
  readonly wanted: number;
}

/** Lays values out. Pure. */
export function dotAxis(values: readonly number[], request: AxisRequest): DotAxis {
  const { spread, format, wanted } = request;
  if (typeof spread !== 'string') return namedAxis(spread);
  if (spread === 'powers' && values.every((value) => value > 0)) return powerAxis(values, request);
  if (spread !== 'zero') return evenAxis(values, request);
  const ticks = niceTicks([0, ...values], wanted);
  const low = ticks[0] ?? 0;
  const place = (value: number) => (value - low) / ((ticks.at(-1) ?? 1) - low || 1);
  return { place, ticks: ticks.map((tick) => ({ at: place(tick), name: format(tick) })) };
}

function namedAxis(names: readonly string[]): DotAxis {
  const place = (value: number) => (value + 0.5) / names.length;
  return { place, ticks: names.map((name, index) => ({ at: place(index), name })) };
}

/** A place from 0 to 1 for what lies between two values, with a little room at both ends. */
function between(low: number, high: number): (value: number) => number {
  const room = (high - low) * 0.06 || Math.abs(high) / 2 || 1;
  return (value) => (value - low + room) / (high - low + 2 * room);
}

const isInside = (at: number): boolean => at >= 0 && at <= 1;

function evenAxis(values: readonly number[], { format, wanted }: AxisRequest): DotAxis {
  const place = between(Math.min(...values), Math.max(...values));
  const ticks = niceTicks(values, wanted).map((tick) => ({ at: place(tick), name: format(tick) }));
  return { place, ticks: ticks.filter(({ at }) => isInside(at)) };
}

/** Whole powers of ten are written where there are two, else the round numbers between. */
function powerAxis(values: readonly number[], { format, wanted }: AxisRequest): DotAxis {
  const logs = values.map(Math.log10);
  const low = Math.min(...logs);
  const high = Math.max(...logs);
  const placeLog = between(low, high);
  const place = (value: number) => placeLog(Math.log10(value));
  const inside = (value: number) => isInside(place(value));
  const powers = Array.from(
    { length: Math.ceil(high) - Math.floor(low) + 1 },
    (_, index) => Math.floor(low) + index,
  );
  const whole = powers.map((power) => 10 ** power).filter(inside);
  const rounded = powers.flatMap((power) => [1, 2, 5].map((factor) => factor * 10 ** power));
  const shown = whole.length >= 2 ? whole : rounded.filter(inside);
  const every = Math.ceil(shown.length / Math.max(2, wanted));
  return {
    place,
    ticks: shown
      .filter((_, index) => index % every === 0)
      .map((tick) => ({ at: place(tick), name: format(tick) })),
  };
}
