import { seconds } from '@edgewise/protocol';
import type { Clock } from './clock.ts';

/** Does something about once a second until the signal aborts. */
export async function everySecond(
  clock: Clock,
  signal: AbortSignal,
  work: () => void,
): Promise<void> {
  try {
    for (;;) {
      await clock.sleep(seconds(1), signal);
      work();
    }
  } catch (thrown) {
    if (!signal.aborted) throw thrown;
  }
}
