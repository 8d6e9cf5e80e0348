import type { Rollout } from '@edgewise/protocol/http';
import type { Step } from './step.ts';

/** The rollout after a step was carried out. Pure. */
export function apply(rollout: Rollout, step: Step, nowMs: number): Rollout {
  switch (step.name) {
    case 'order':
      return changeDevice(rollout, step.device, { status: 'ordered' });
    case 'advance':
      return changeDevice(rollout, step.device, { wave: 1 });
    case 'note':
      return changeDevice(rollout, step.device, {
        status: step.status,
        ...(step.code !== undefined && { code: step.code }),
        ...(step.detail !== undefined && { detail: step.detail }),
      });
    case 'withdraw':
      return rollout;
    case 'finish':
      return { ...rollout, status: step.status, reason: step.reason, finishedAtMs: nowMs };
  }
}

function changeDevice(
  rollout: Rollout,
  device: string,
  change: Partial<Rollout['devices'][number]>,
): Rollout {
  const devices = rollout.devices.map((row) =>
    row.device === device ? { ...row, ...change } : row,
  );
  return { ...rollout, devices };
}
