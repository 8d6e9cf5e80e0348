/**
 * Names the pattern of a change. The reference is seen as a normal variable cut at its own
 * quantiles, whatever its real shape; a change may move it (offset), stretch it (gain), do both, or
 * do anything else (free). The Bayesian information criterion decides.
 */
import type { EffectSizes } from './effect-size.ts';
import { smoothedProbabilities } from './kl.ts';
import { normalCdf, normalQuantile } from './normal.ts';

/** How a distribution changed. */
export type DriftPattern = 'offset' | 'gain' | 'offset-and-gain' | 'shape';

/** Which way it went. */
export type DriftDirection = 'up' | 'down' | 'wider' | 'narrower' | 'mixed';

/** A named change; offset and gain are in the reference's rank-based standard deviations. */
export interface NamedPattern {
  readonly pattern: DriftPattern;
  readonly direction: DriftDirection;
  readonly offset: number;
  readonly gain: number;
}

/** Counts since the change, and how many raw samples count as one. */
export interface PatternEvidence {
  readonly reference: readonly number[];
  readonly referenceEffective: number;
  readonly current: readonly number[];
  readonly tau: number;
  /** What the values say, where they are known; it decides when ranks cannot. */
  readonly measured?: Required<Pick<EffectSizes, 'offsetSd' | 'gainRatio'>>;
}

interface Fit {
  readonly offset: number;
  readonly gain: number;
  readonly logLikelihood: number;
}

/** Smallest probability the model gives a bin: a stray sample is not proof of another pattern. */
const stray = 1e-3;

/** A pattern, its fit, and its score: log-likelihood less the price of its parameters. */
type Candidate = readonly [DriftPattern, Fit, number];

/** Scores closer than this do not tell an offset from a gain. */
const tie = 3;

/** Names the change between a reference and the counts since its most likely start. */
export function namePattern(evidence: PatternEvidence): NamedPattern {
  const reference = smoothedProbabilities(evidence.reference);
  const edges = latentEdges(reference);
  const raw = evidence.current.reduce((sum, count) => sum + count, 0);
  // The reference has an error of its own: n samples against m say no more than n / (1 + n/m).
  const scale = 1 / (evidence.tau * (1 + raw / evidence.tau / evidence.referenceEffective));
  const counts = evidence.current.map((count) => count * scale);
  const samples = Math.max(2, raw * scale);
  const score = (offset: number, gain: number) =>
    latentLogLikelihood(counts, reference, { edges, offset, gain });

  const offset = bestOffset((value) => score(value, 1), 0);
  const gain = bestGain((value) => score(0, value), 1);
  const both = fitBoth(score, offset.logLikelihood > gain.logLikelihood ? offset : gain);
  const penalty = Math.log(samples) / 2;
  const free = counts.reduce(
    (sum, count) => sum + (count > 0 ? count * Math.log(count / (raw * scale)) : 0),
    0,
  );
  const candidates: readonly Candidate[] = [
    ['offset', offset, offset.logLikelihood - penalty],
    ['gain', gain, gain.logLikelihood - penalty],
    ['offset-and-gain', both, both.logLikelihood - 2 * penalty],
    ['shape', both, free - (counts.length - 1) * penalty],
  ];
  const best = candidates.reduce((leader, next) => (next[2] > leader[2] ? next : leader));
  const [pattern, fit] = settleTie(best, candidates, evidence.measured);
  return {
    pattern,
    direction: directionOf(pattern, fit),
    offset: fit.offset,
    gain: fit.gain,
  };
}

/**
 * A device that already sits at the end of the bins can move into the last one: ranks then call it
 * offset or gain with equal right, and the values settle it.
 */
function settleTie(
  best: Candidate,
  candidates: readonly Candidate[],
  measured: PatternEvidence['measured'],
): Candidate {
  const [offset, gain] = candidates;
  if (measured === undefined || offset === undefined || gain === undefined) return best;
  const isOne = best === offset || best === gain;
  if (!isOne || Math.abs(offset[2] - gain[2]) > tie) return best;
  const moved = Math.abs(measured.offsetSd.value) / measured.offsetSd.null95;
  const stretched = Math.abs(measured.gainRatio.value - 1) / measured.gainRatio.null95;
  return moved >= stretched ? offset : gain;
}

function directionOf(pattern: DriftPattern, fit: Fit): DriftDirection {
  if (pattern === 'offset') return fit.offset > 0 ? 'up' : 'down';
  if (pattern === 'gain') return fit.gain > 1 ? 'wider' : 'narrower';
  if (pattern === 'offset-and-gain') {
    return Math.abs(fit.offset) > Math.abs(Math.log(fit.gain))
      ? fit.offset > 0
        ? 'up'
        : 'down'
      : fit.gain > 1
        ? 'wider'
        : 'narrower';
  }
  return 'mixed';
}

function latentEdges(reference: Float64Array): Float64Array {
  let below = 0;
  return reference.slice(0, -1).map((mass) => {
    below += mass;
    return normalQuantile(Math.min(below, 1 - 1e-12));
  });
}

interface Latent {
  readonly edges: Float64Array;
  readonly offset: number;
  readonly gain: number;
}

function latentLogLikelihood(
  counts: readonly number[],
  reference: Float64Array,
  latent: Latent,
): number {
  let sum = 0;
  let below = 0;
  for (const [bin, count] of counts.entries()) {
    const edge = latent.edges[bin];
    const upTo = edge === undefined ? 1 : normalCdf((edge - latent.offset) / latent.gain);
    if (count > 0) {
      const mass = (1 - stray) * Math.max(0, upTo - below) + stray * (reference[bin] ?? 0);
      sum += count * Math.log(mass);
    }
    below = upTo;
  }
  return sum;
}

function bestOffset(score: (offset: number) => number, from: number): Fit {
  const { at, value } = climb(score, from, 6);
  return { offset: at, gain: 1, logLikelihood: value };
}

function bestGain(score: (gain: number) => number, from: number): Fit {
  const { at, value } = climb((log) => score(Math.exp(log)), Math.log(from), 2.5);
  return { offset: 0, gain: Math.exp(at), logLikelihood: value };
}

function fitBoth(score: (offset: number, gain: number) => number, from: Fit): Fit {
  let best = from;
  for (let round = 0; round < 6; round++) {
    const offset = bestOffset((value) => score(value, best.gain), best.offset).offset;
    const gain = bestGain((value) => score(offset, value), best.gain).gain;
    const logLikelihood = score(offset, gain);
    if (logLikelihood < best.logLikelihood + 1e-6) break;
    best = { offset, gain, logLikelihood };
  }
  return best;
}

/** Maximum of a function with one peak within +-span: a coarse grid, then golden sections. */
function climb(
  score: (x: number) => number,
  from: number,
  span: number,
): { readonly at: number; readonly value: number } {
  const points = 24;
  let at = from;
  let value = score(from);
  for (let point = 0; point <= points; point++) {
    const x = -span + (2 * span * point) / points;
    const next = score(x);
    if (next > value) {
      at = x;
      value = next;
    }
  }
  let low = at - (2 * span) / points;
  let high = at + (2 * span) / points;
  const ratio = (Math.sqrt(5) - 1) / 2;
  for (let step = 0; step < 24; step++) {
    const left = high - ratio * (high - low);
    const right = low + ratio * (high - low);
    if (score(left) > score(right)) high = right;
    else low = left;
  }
  const middle = (low + high) / 2;
  const last = score(middle);
  return last > value ? { at: middle, value: last } : { at, value };
}
