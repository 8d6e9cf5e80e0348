import type { Trial } from './sweeps.ts';

/**
 * Trials from the best: those that went further first, then by accuracy on the validation part,
 * by loss, and by number, so that the same results always give the same order. Those that have found
 * nothing come last. Pure.
 */
export function rankedTrials(trials: readonly Trial[]): readonly Trial[] {
  return [...trials].sort(
    (one, other) =>
      other.results.length - one.results.length ||
      last(other).accuracy - last(one).accuracy ||
      last(one).loss - last(other).loss ||
      one.number - other.number,
  );
}

const nothing = { accuracy: 0, loss: 0 };
const last = ({ results }: Trial) => results.at(-1) ?? nothing;
