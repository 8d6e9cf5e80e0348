import { FleetError } from '@edgewise/protocol';
import { clipRange, widestRange } from './clip-range.ts';
import type { Histogram } from './histogram.ts';
import { percentileRange } from './percentile.ts';
import { divergence, squaredError } from './range-costs.ts';
import type { Range, Ranges } from './ranges.ts';

/** Ways from what was observed to a range. */
export const calibrationMethods = ['minmax', 'percentile', 'entropy', 'mse'] as const;
export type CalibrationMethod = (typeof calibrationMethods)[number];

/** A method with its parameters. */
export interface RangeRule {
  readonly method: CalibrationMethod;
  /** Per cent of all numbers that a range keeps, above 0 to 100; default 99.999. For `percentile` only. */
  readonly percentile?: number;
  /** Zero in the middle of every range; default not. */
  readonly symmetric?: boolean;
}

/** What a model's values did on the calibration data. */
export interface Observations {
  readonly ranges: Ranges;
  /** Empty where no method needs them. */
  readonly histograms: ReadonlyMap<string, Histogram>;
}

/** The default of `percentile`, per cent. */
export const usualPercentile = 99.999;

/** The ranges that a method gives. Throws `FleetError` `invalid-argument` for an impossible percentile. */
export function rangesBy({ ranges, histograms }: Observations, rule: RangeRule): Ranges {
  assertRule(rule);
  return new Map(
    [...ranges].map(([name, range]) => [name, rangeBy(range, histograms.get(name), rule)]),
  );
}

/** Refuses impossible parameters. */
export function assertRule({ percentile = usualPercentile }: RangeRule): void {
  if (!(percentile > 0 && percentile <= 100)) {
    throw new FleetError(
      'invalid-argument',
      `A percentile lies above 0 and at most at 100: ${percentile}.`,
    );
  }
}

function rangeBy(observed: Range, histogram: Histogram | undefined, rule: RangeRule): Range {
  const { method, percentile = usualPercentile, symmetric = false } = rule;
  if (histogram === undefined || !(histogram.max > histogram.min)) {
    return symmetric ? mirrored(observed) : observed;
  }
  switch (method) {
    case 'minmax':
      return symmetric ? mirrored(observed) : observed;
    case 'percentile':
      return percentileRange(histogram, percentile, { symmetric });
    case 'mse':
      return clipRange(histogram, squaredError(histogram), { symmetric });
    case 'entropy': {
      const widest = widestRange(histogram, { symmetric });
      return clipRange(histogram, divergence(histogram, widest), { symmetric });
    }
  }
}

function mirrored({ min, max }: Range): Range {
  const widest = Math.max(Math.abs(min), Math.abs(max));
  return { min: -widest, max: widest };
}
