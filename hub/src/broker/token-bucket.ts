/** Spaces one client's messages out: a burst passes at once, the rest waits its turn, in order. */
export interface TokenBucket {
  /** Runs `go` now or later, but never before an earlier one. */
  pass(go: () => void): void;
  /** Forgets what waits; its connection is gone. */
  end(): void;
}

interface TokenBucketOptions {
  readonly perSecond: number;
  readonly burst: number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** A bucket that refills continuously; delays and never drops. */
export function createTokenBucket({ perSecond, burst, now }: TokenBucketOptions): TokenBucket {
  const waiting: (() => void)[] = [];
  let tokens = burst;
  let filledMs = now();
  let timer: NodeJS.Timeout | undefined;

  function drain(): void {
    timer = undefined;
    const nowMs = now();
    tokens = Math.min(burst, tokens + ((nowMs - filledMs) * perSecond) / 1000);
    filledMs = nowMs;
    const passing = waiting.splice(0, Math.floor(tokens));
    tokens -= passing.length;
    for (const go of passing) go();
    if (waiting.length > 0) timer = setTimeout(drain, Math.ceil(((1 - tokens) * 1000) / perSecond));
  }

  return {
    pass(go) {
      waiting.push(go);
      if (timer === undefined) drain();
    },
    end() {
      clearTimeout(timer);
      timer = undefined;
      waiting.length = 0;
    },
  };
}
