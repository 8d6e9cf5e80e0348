import type { Camera, Score } from './camera.ts';
import type { Observer } from './observer.ts';
import { devices, paces, pause, type Scene } from './scene.ts';

type Windows = Observer['windows'];

/** Windows that were tested against a finished baseline. */
export const watchedWindows = ({ windows }: Observer): Windows =>
  windows.filter(({ window }) => window.drift.state === 'watching');

/** Waits until every device has its baseline for the version it serves and `count` tested windows after it. */
export async function watchClean(
  { observer, say, pace }: Scene,
  what: string,
  count: number,
): Promise<void> {
  const from = observer.windows.length;
  pace.pauseMs = paces.watching;
  await observer.until(`${count} tested windows of each device, ${what}`, 180_000, () => {
    const seen = devices.map((device) =>
      observer.windows.slice(from).filter((event) => event.device === device),
    );
    const tested = seen.map(
      (windows) => windows.filter(({ window }) => window.drift.state === 'watching').length,
    );
    const least = Math.min(...tested);
    const baseline = Math.min(
      ...seen.map((windows) => windows.at(-1)?.window.drift.baselineWindows ?? 0),
    );
    say.progress(
      least === 0 ? `baseline of ${baseline} windows` : `${least} windows tested on each device`,
      least === 0 ? baseline / 100 : least / count,
    );
    return least >= count;
  });
}

/**
 * Shows cameras the first `count` images that nobody may label, and says how many were answered
 * right. The same images every time, so that accuracies before and after are pairs.
 */
export async function accuracyOf(
  { measured, say, signal }: Scene,
  cameras: readonly Camera[],
  what: string,
  count: number,
): Promise<number> {
  const exams = cameras.map((camera) => camera.examine(measured, count));
  while (exams.some(({ score }) => score.of < count)) {
    say.progress(`measuring ${what}`, Math.min(...exams.map(({ score }) => score.of)) / count);
    await pause(signal);
  }
  return share(await Promise.all(exams.map(({ done }) => done)));
}

function share(scores: readonly Readonly<Score>[]): number {
  const sum = (field: keyof Score) => scores.reduce((total, score) => total + score[field], 0);
  return sum('right') / sum('of');
}
