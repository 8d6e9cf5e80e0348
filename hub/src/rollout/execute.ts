import { mebibytes } from '@edgewise/protocol';
import type { ModelPolicies } from '@edgewise/protocol/http';
import type { Fleet, TargetChange } from '../fleet/fleet.ts';
import type { Step } from './step.ts';

/** Bytes that a device's outbox may keep on disk. */
const outboxBytes = mebibytes(64);

interface ExecuteOptions {
  readonly fleet: Fleet;
  readonly rollout: string;
  readonly policies: ModelPolicies | undefined;
}

/** Steps that share a commit of the store; more would hold the event loop when they are published. */
const stepsAtOnce = 32;

/**
 * Carries steps out on the fleet, some at once, in their order. Each step that was begun has ended
 * when this does; rejects with the first failure.
 */
export async function execute(steps: readonly Step[], options: ExecuteOptions): Promise<void> {
  for (let start = 0; start < steps.length; start += stepsAtOnce) {
    const some = steps.slice(start, start + stepsAtOnce);
    const outcomes = await Promise.allSettled(some.map((step) => executeOne(step, options)));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed) throw failed.reason;
  }
}

/** Steps that only change the record do nothing here. */
async function executeOne(step: Step, options: ExecuteOptions): Promise<void> {
  if (step.name !== 'order' && step.name !== 'withdraw') return;
  const change: TargetChange = { active: step.bundle, rollout: options.rollout };
  const predictions = options.policies?.predictions;
  await options.fleet.setTarget(step.device, {
    ...change,
    ...(predictions !== undefined && { policies: { predictions, outboxBytes } }),
  });
}
