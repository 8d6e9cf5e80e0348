/**
 * A sequential test of "practically unchanged" (KL(r || p) <= rho) against a change that began at an
 * unknown window. M is the sum, over the windows at which it may have begun, of an e-process: a
 * mixture of bets on offsets and gains, and of a Dirichlet bet on anything else. M minus the number
 * of windows is a supermartingale under the null, so the mean time between false alarms at M >= 1/alpha
 * is at least 1/alpha windows (Shin, Ramdas and Rinaldo, "E-detectors", 2022).
 *
 * The tilts keep every start, in one number each (Shiryaev and Roberts' recursion R <- (1 + R) e^x);
 * the Dirichlet part keeps starts at dyadic ages. Counts are divided by tau for dependence.
 */
import { logDirichletMarginal } from './dirichlet.ts';
import { nullLogLikelihood } from './null-likelihood.ts';
import { advanceStarts, type Start, type StartInput, startAtOrAfter } from './starts.ts';
import { type Bets, priceBets } from './tilts.ts';

/** Serialisable state of one detector: plain data. */
export interface EDetectorState {
  /** Windows seen. */
  readonly windows: number;
  /** Shiryaev-Roberts sum of each bet, at most `e^60`. */
  readonly sums: readonly number[];
  /** The window each bet most likely began to pay. */
  readonly since: readonly number[];
  readonly starts: readonly Start[];
  /** Natural logarithm of M after the last window. */
  readonly logM: number;
}

/** A detector against one reference; it holds tables only, all that changes is in the state. */
export interface EDetector {
  initial(): EDetectorState;
  /** Feeds one window; `tau` >= 1 is the number of raw samples that count as one. */
  update(state: EDetectorState, input: StartInput, tau: number): EDetectorState;
  /** The anchored start from which the change most likely runs; undefined before the first window. */
  likelyStart(state: EDetectorState, tau: number): Start | undefined;
}

/** What an e-detector is built from. */
export interface EDetectorOptions {
  /** Radius of the null ball around the reference, nats. */
  readonly rho: number;
  /** Share of the stake on the Dirichlet bet, (0, 1]; 1 leaves the tilts out. Default 0.25. */
  readonly dirichletShare?: number;
}

/** The logarithm of no evidence: small enough to vanish in any sum, finite so that JSON keeps it. */
export const noEvidence = -700;
/** Evidence above e^60 says nothing more, and forgetting it lets the detector re-arm. */
const maxSum = Math.exp(60);
/** A start whose Dirichlet bet cannot reach e^-3 is left out of M, which keeps M a lower value. */
const negligible = -3;

/** Prices the bets against a reference (probabilities, all positive) and returns its detector. */
export function createEDetector(reference: Float64Array, options: EDetectorOptions): EDetector {
  const { rho, dirichletShare = 0.25 } = options;
  const bets = dirichletShare < 1 ? priceBets(reference, rho) : undefined;
  const logReference = reference.map(Math.log);
  const logDirichletShare = Math.log(bets && bets.count > 0 ? dirichletShare : 1);

  function logDirichlet(start: Start, tau: number): number {
    const counts = start.counts.map((count) => count / tau);
    const marginal = logDirichletMarginal(counts);
    const atReference = dot(counts, logReference);
    // The reference is inside the null, so the true denominator is at least this large.
    if (marginal - atReference < negligible) return Number.NEGATIVE_INFINITY;
    return logDirichletShare + marginal - nullLogLikelihood(counts, reference, rho);
  }

  function update(state: EDetectorState, input: StartInput, tau: number): EDetectorState {
    const starts = advanceStarts(state.starts, state.windows, input);
    const { sums, since, total } = payBets(bets, state, { counts: input.counts, tau });
    const terms = [Math.log(total) + Math.log(1 - dirichletShare)];
    for (const start of starts) terms.push(logDirichlet(start, tau));
    return { windows: state.windows + 1, sums, since, starts, logM: logSum(terms) };
  }

  function likelyStart(state: EDetectorState, tau: number): Start | undefined {
    let since = 0;
    let best = Number.NEGATIVE_INFINITY;
    for (const [bet, sum] of state.sums.entries()) {
      const evidence = Math.log(sum * (bets?.weights[bet] ?? 0) * (1 - dirichletShare));
      if (evidence > best) {
        best = evidence;
        since = state.since[bet] ?? 0;
      }
    }
    for (const start of state.starts) {
      const evidence = logDirichlet(start, tau);
      if (evidence > best) {
        best = evidence;
        since = start.at;
      }
    }
    return startAtOrAfter(state.starts, since);
  }

  const initial = (): EDetectorState => ({
    windows: 0,
    sums: new Array<number>(bets?.count ?? 0).fill(0),
    since: new Array<number>(bets?.count ?? 0).fill(0),
    starts: [],
    logM: noEvidence,
  });

  return { initial, update, likelyStart };
}

interface Paid {
  readonly sums: readonly number[];
  readonly since: readonly number[];
  readonly total: number;
}

function payBets(
  bets: Bets | undefined,
  state: EDetectorState,
  window: { readonly counts: readonly number[]; readonly tau: number },
): Paid {
  if (bets === undefined) return { sums: [], since: [], total: 0 };
  const { count, bins, payoffs, weights } = bets;
  const sums = new Array<number>(count);
  const since = new Array<number>(count);
  let total = 0;
  for (let bet = 0; bet < count; bet++) {
    let gain = 0;
    const row = bet * bins;
    for (let bin = 0; bin < bins; bin++) {
      gain += (payoffs[row + bin] ?? 0) * (window.counts[bin] ?? 0);
    }
    const before = state.sums[bet] ?? 0;
    const sum = Math.min(maxSum, (1 + before) * Math.exp(gain / window.tau));
    sums[bet] = sum;
    // A sum below one is outweighed by a start at this very window.
    since[bet] = before < 1 ? state.windows : (state.since[bet] ?? 0);
    total += (weights[bet] ?? 0) * sum;
  }
  return { sums, since, total };
}

function dot(a: readonly number[], b: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += (a[index] ?? 0) * (b[index] ?? 0);
  return sum;
}

function logSum(terms: readonly number[]): number {
  const top = Math.max(...terms);
  if (top < noEvidence) return noEvidence;
  return top + Math.log(terms.reduce((sum, term) => sum + Math.exp(term - top), 0));
}
