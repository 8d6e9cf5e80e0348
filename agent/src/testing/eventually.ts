import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

/** Looks until something holds; fails after `withinMs`. */
export async function eventually<T>(
  look: () => T | undefined | false,
  options: { readonly withinMs?: number; readonly what?: string } = {},
): Promise<T> {
  const untilMs = performance.now() + (options.withinMs ?? 5000);
  for (;;) {
    const found = look();
    if (found !== undefined && found !== false) return found;
    assert.ok(performance.now() < untilMs, `Never came: ${options.what ?? look}`);
    await sleep(5);
  }
}
