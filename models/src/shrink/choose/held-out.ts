import type { Feeds } from '../../runtime/runtime.ts';

/** Feeds to find ranges with, and feeds to compare the results on. */
export interface Parts {
  readonly calibration: readonly Feeds[];
  readonly heldOut: readonly Feeds[];
}

/** Held-out feeds at most: their answers are kept, and every way is run on them. */
const mostHeldOut = 128;

/** Below so many feeds a fourth of them would be too few to compare anything on. */
const few = 16;

/**
 * Every fourth feed is held out, of few feeds every second one, so that both parts see the beginning
 * and the end of the data. A single feed must serve as both.
 */
export function holdOut(feeds: readonly Feeds[]): Parts {
  if (feeds.length < 2) return { calibration: feeds, heldOut: feeds };
  const every = feeds.length < few ? 2 : 4;
  const isHeldOut = (at: number): boolean => at % every === every - 1;
  return {
    calibration: feeds.filter((_, at) => !isHeldOut(at)),
    heldOut: feeds.filter((_, at) => isHeldOut(at)).slice(0, mostHeldOut),
  };
}
