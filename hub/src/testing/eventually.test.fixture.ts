import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';

/** Resolves as soon as `holds` does; fails after five seconds and names what was waited for. */
export async function eventually(
  what: string,
  holds: () => boolean | Promise<boolean>,
): Promise<void> {
  const untilMs = performance.now() + 5000;
  while (!(await holds())) {
    assert.ok(performance.now() < untilMs, `Not reached: ${what}`);
    await turn();
  }
}
