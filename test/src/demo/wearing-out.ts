import type { Camera } from './camera.ts';
import type { Observer } from './observer.ts';
import { type Wear, wornBy } from './worn-camera.ts';

/** A lens that has faded and a mount that has slipped. */
const worn: Wear = { contrast: 0.45, tiltDegrees: 32 };
/** In so many steps the damage grows. */
const rampSteps = 5;
const rampStepMs = 150;

/** Number of the newest window of a device; 0 before the first. */
export function lastSequence({ windows }: Observer, device: string): number {
  return Math.max(
    0,
    ...windows.filter((event) => event.device === device).map(({ window }) => window.sequence),
  );
}

/** Wears cameras out in a few steps, within a second. */
export async function wearOut(cameras: readonly Camera[]): Promise<void> {
  for (let step = 1; step <= rampSteps; step++) {
    for (const camera of cameras) camera.wear(wornBy(worn, step / rampSteps));
    await new Promise((resolve) => setTimeout(resolve, rampStepMs));
  }
}

/** Windows after the onset up to the first that raised the alarm, on the device that was first. */
export function windowsUntilAlarm(
  { windows }: Observer,
  onset: ReadonlyMap<string, number>,
): number {
  const delays = [...onset].map(([device, sequence]) => {
    const raised = windows.find(
      (event) =>
        event.device === device &&
        event.window.sequence > sequence &&
        event.window.drift.state === 'alarm',
    );
    return raised ? raised.window.sequence - sequence : Number.POSITIVE_INFINITY;
  });
  return Math.min(...delays);
}
