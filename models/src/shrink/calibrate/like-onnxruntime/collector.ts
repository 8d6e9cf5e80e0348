import { FleetError } from '@edgewise/protocol';
import type { Range } from '../ranges.ts';
import { countBetween, countEqual } from './count.ts';
import { arange, floorDivide, linspace } from './float32.ts';
import type { Portion } from './portion.ts';

const { fround } = Math;

/** Counts between edges, and the least and greatest number seen. */
export interface ToolHistogram extends Range {
  readonly counts: Float64Array;
  readonly edges: Float32Array;
}

/**
 * A histogram that grows portion by portion (calibrate.py, `HistogramCollector`): `begin` fixes the
 * edges for a portion, `add` counts its numbers in as many parts as convenient, `end` merges.
 */
export interface Collector {
  begin(portion: Portion): void;
  add(data: Float32Array): void;
  end(): void;
  result(): ToolHistogram;
}

interface Growing {
  readonly edges: Float32Array;
  readonly counts: Float64Array;
  readonly min: number;
  readonly max: number;
  /** Half the span of a histogram of signed numbers; unused for magnitudes. */
  readonly threshold: number;
}

/** How one portion is counted and where the older counts go. */
interface Counting {
  readonly edges: Float32Array;
  readonly equal: boolean;
  readonly threshold: number;
  /** Index of the old first bin among the new. */
  readonly offset: number;
}

/** Histograms of x (`collect_value`) or |x| (`collect_absolute_value`). */
export function createCollector(
  bins: number,
  { absolute }: { readonly absolute: boolean },
): Collector {
  let known: Growing | undefined;
  let portion: Portion | undefined;
  let counting: Counting | undefined;
  let counts = new Float64Array(0);
  return {
    begin(next) {
      // Without numbers the tool takes both ends to be zero.
      portion = next.isEmpty ? { ...next, min: 0, max: 0 } : next;
      counting = absolute ? magnitudes(bins, portion, known) : signed(bins, portion, known);
      counts = new Float64Array(counting.edges.length - 1);
    },
    add(data) {
      if (counting === undefined) return;
      const count = counting.equal ? countEqual : countBetween;
      count(counts, data, counting.edges, { absolute });
    },
    end() {
      if (counting === undefined || portion === undefined) return;
      const { edges, threshold, offset } = counting;
      known?.counts.forEach((count, bin) => {
        counts[bin + offset] = (counts[bin + offset] as number) + count;
      });
      known = {
        edges,
        counts,
        threshold,
        min: Math.min(known?.min ?? portion.min, portion.min),
        max: Math.max(known?.max ?? portion.max, portion.max),
      };
    },
    result() {
      if (known === undefined) throw new FleetError('internal', 'No portion was collected.');
      return known;
    },
  };
}

/** Bins over ±threshold; a wider portion adds as many bins to both sides. */
function signed(bins: number, portion: Portion, known: Growing | undefined): Counting {
  const threshold = fround(Math.max(Math.abs(portion.min), Math.abs(portion.max)));
  if (known === undefined || (known.threshold === 0 && threshold > 0)) {
    const count = known?.counts.length ?? bins;
    return { edges: equalEdges(-threshold, threshold, count), equal: true, threshold, offset: 0 };
  }
  if (threshold <= known.threshold) {
    return { edges: known.edges, equal: true, threshold: known.threshold, offset: 0 };
  }
  const count = known.counts.length;
  const stride = fround(fround(2 * known.threshold) / count);
  const grown = Math.trunc(fround(floorDivide(fround(threshold - known.threshold), stride) + 1));
  const wider = fround(fround(grown * stride) + known.threshold);
  const edges = equalEdges(-wider, wider, count + 2 * grown);
  return { edges, equal: true, threshold: wider, offset: grown };
}

/** Bins from the least to the greatest magnitude; a greater one adds bins of the same width. */
function magnitudes(bins: number, portion: Portion, known: Growing | undefined): Counting {
  const greatest = fround(Math.max(Math.abs(portion.min), Math.abs(portion.max)));
  const how = { threshold: 0, offset: 0 };
  if (known === undefined) {
    if (portion.hasNaN) throw unbinnable('holds NaN');
    const edges = portion.isEmpty
      ? equalEdges(0, 1, bins)
      : equalEdges(portion.leastMagnitude, greatest, bins);
    return { edges, equal: true, ...how };
  }
  const last = known.edges.at(-1) as number;
  if (!(greatest > last)) return { edges: known.edges, equal: false, ...how };
  const width = fround((known.edges[1] as number) - (known.edges[0] as number));
  const more = arange(fround(last + width), fround(greatest + width), width);
  return { edges: Float32Array.of(...known.edges, ...more), equal: false, ...how };
}

function equalEdges(low: number, high: number, bins: number): Float32Array {
  if (!Number.isFinite(low) || !Number.isFinite(high)) throw unbinnable('is infinite');
  const [first, last] = low === high ? [fround(low - 0.5), fround(high + 0.5)] : [low, high];
  const edges = linspace(first, last, bins + 1);
  if (edges.some((edge, at) => at > 0 && !(edge > (edges[at - 1] as number)))) {
    throw unbinnable(`varies too little for ${bins} bins`);
  }
  return edges;
}

/** Where Python raises, so do we. */
function unbinnable(what: string): FleetError {
  return new FleetError('invalid-argument', `A value ${what}: it has no histogram.`);
}
