import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

interface Patience {
  readonly what: string;
  readonly timeoutMs?: number | undefined;
  /** Between two looks. */
  readonly everyMs?: number;
}

/** Looks until there is something to see; fails after `timeoutMs` (default 30 s). */
export async function until<T>(
  look: () => T | undefined | false | Promise<T | undefined | false>,
  { what, timeoutMs = 30_000, everyMs = 50 }: Patience,
): Promise<T> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    assert.ok(performance.now() < deadlineMs, `Waited ${timeoutMs / 1000} s for ${what}.`);
    await sleep(everyMs);
  }
}
