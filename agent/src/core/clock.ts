/** Time as a parameter, so that tests and simulations own it. */
export interface Clock {
  /** Milliseconds since 1970-01-01 UTC, as well as the device knows. */
  nowMs(): number;
  /** Resolves after `durationMs`; rejects with `canceled` when the signal aborts first. */
  sleep(durationMs: number, signal?: AbortSignal): Promise<void>;
}
