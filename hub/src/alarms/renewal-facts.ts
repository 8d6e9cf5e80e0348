import type { ModelPolicies, ModelVersion, Rollout, Run } from '@edgewise/protocol/http';
import type { AlarmProgress } from '../labels/labels.ts';

/** What a plan is made from, besides the alarm. */
export interface RenewalFacts {
  readonly nowMs: number;
  readonly policies: ModelPolicies;
  /** The version the alarm is about. */
  readonly version: Pick<ModelVersion, 'createdAtMs' | 'variants'>;
  readonly labels: AlarmProgress;
  /** Devices that can be reached. */
  readonly online: ReadonlySet<string>;
  readonly run: Run | undefined;
  readonly challenger: ModelVersion | undefined;
  /** The rollout of the challenger, whoever began it. */
  readonly rollout: Rollout | undefined;
}
