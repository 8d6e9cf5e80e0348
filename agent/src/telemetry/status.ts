import type { DeviceState } from '@edgewise/protocol';
import { manifestOf } from '../core/failure.ts';
import type { LoopEvent, Outcome } from '../core/loop.ts';
import { shortOf } from './event-log.ts';

/** What the reconciler is busy with, as the state document shows it. */
export interface Status {
  readonly progress?: NonNullable<DeviceState['progress']>;
  readonly waiting?: NonNullable<DeviceState['waiting']>;
}

/** The status after the loop told something. */
export function statusAfter(status: Status, event: LoopEvent): Status {
  if (event.kind === 'rested') return restingStatus(event.outcome);
  if (event.kind !== 'started') return status;
  const { step } = event;
  return { progress: { step: step.name, manifest: manifestOf(step), done: 0, total: 0 } };
}

/** The status after some blocks of a download came. */
export function withProgress(
  status: Status,
  blocks: { readonly done: number; readonly total: number },
): Status {
  return status.progress ? { progress: { ...status.progress, ...blocks } } : status;
}

function restingStatus(outcome: Outcome): Status {
  switch (outcome.kind) {
    case 'waiting':
      return { waiting: { code: outcome.code, detail: outcome.detail.slice(0, 500) } };
    case 'failed':
      return { waiting: shortOf(outcome.error) };
    case 'converged':
    case 'canceled':
      return {};
  }
}
