import { mebibytes } from '@edgewise/protocol';
import type { ModelPolicies } from '@edgewise/protocol/http';
import type { Fleet, TargetChange } from '../fleet/fleet.ts';
import type { Step } from './step.ts';

/** Bytes that a device's outbox may keep on disk. */
const outboxBytes = mebibytes(64);

/** Carries a step out on the fleet. Steps that only change the record do nothing here. */
export async function execute(
  step: Step,
  options: {
    readonly fleet: Fleet;
    readonly rollout: string;
    readonly policies: ModelPolicies | undefined;
  },
): Promise<void> {
  if (step.name !== 'order' && step.name !== 'withdraw') return;
  const change: TargetChange = { active: step.bundle, rollout: options.rollout };
  const predictions = options.policies?.predictions;
  await options.fleet.setTarget(step.device, {
    ...change,
    ...(predictions !== undefined && { policies: { predictions, outboxBytes } }),
  });
}
