import type { WindowSummary } from '@edgewise/protocol/http';
import type { Level } from '../components/levels.ts';

/** One cell of a strip: a window, or a place where one should have been. */
export interface StripCell {
  readonly key: string;
  readonly window: WindowSummary | undefined;
  /** Undefined where nothing came. */
  readonly level: Level | undefined;
}

/** Evidence above this part of the alarm line (both as logarithms) is worth watching. */
const watchRatio = 0.5;

/** How a device stood after a window. */
export function windowLevel(window: WindowSummary): Level {
  const { state, logM, logThreshold } = window.drift;
  if (state === 'alarm') return 'act';
  if (state !== 'watching') return 'unknown';
  const near = logM !== undefined && logThreshold !== undefined && logM > logThreshold * watchRatio;
  return near ? 'watch' : 'well';
}

/** The newest windows oldest first, padded at the front; sequence numbers that never came leave a blank. */
export function stripCells(
  newestFirst: readonly WindowSummary[],
  count: number,
): readonly StripCell[] {
  const cells: StripCell[] = [];
  let later: WindowSummary | undefined;
  for (const window of newestFirst) {
    const missed = later && later.epoch === window.epoch ? later.sequence - window.sequence - 1 : 0;
    for (let gap = 0; gap < missed && cells.length < count; gap += 1)
      cells.push(blank(`${window.epoch}-${window.sequence}+${gap}`));
    cells.push({ key: `${window.epoch}-${window.sequence}`, window, level: windowLevel(window) });
    later = window;
    if (cells.length >= count) break;
  }
  while (cells.length < count) cells.push(blank(`before-${cells.length}`));
  return cells.slice(0, count).toReversed();
}

function blank(key: string): StripCell {
  return { key, window: undefined, level: undefined };
}
