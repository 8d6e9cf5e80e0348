/** How pauses between attempts grow. */
export interface RetryPolicy {
  readonly firstMs: number;
  readonly longestMs: number;
  /** Share of a pause that chance may take away, 0 to 1, so that a fleet does not knock in step. */
  readonly jitterRatio: number;
}

/** Pauses of a device that lost its hub: 1 s, 2 s, 4 s ... up to a minute. */
export const defaultRetry: RetryPolicy = { firstMs: 1000, longestMs: 60_000, jitterRatio: 0.5 };

/** The pause before attempt `attempt` + 1, in milliseconds; attempts count from 1. */
export function retryMs(
  policy: RetryPolicy,
  attempt: number,
  options: { readonly random: () => number },
): number {
  const full = Math.min(policy.longestMs, policy.firstMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(full * (1 - policy.jitterRatio * options.random()));
}
