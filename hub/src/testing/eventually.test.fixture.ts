import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';

/** Resolves as soon as `holds` does; fails after twenty seconds and names what was waited for. */
export async function eventually(
  what: string,
  holds: () => boolean | Promise<boolean>,
): Promise<void> {
  const untilMs = performance.now() + 20_000;
  while (!(await holds())) {
    assert.ok(performance.now() < untilMs, `Not reached: ${what}`);
    await pause(2);
  }
}
