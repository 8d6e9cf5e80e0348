import { codes, type FleetError } from '@edgewise/protocol';
import type { Action, StepName } from './step.ts';

/** Steps whose failure may be the fault of the bundle they work on. */
const judging: ReadonlySet<StepName> = new Set([
  'downloadBundle',
  'verifyBundle',
  'installSlot',
  'proveSlot',
]);

/** Times that wrong bytes may come before their bundle is refused. */
const mostMismatches = 3;

/** What a failed step leads to: trying again after a pause, or never running that bundle. */
export function afterFailure(
  step: Action,
  error: FleetError,
  options: { readonly attempt: number },
): 'retry' | 'refuse' {
  if (!judging.has(step.name)) return 'retry';
  if (error.code === 'digest-mismatch') {
    return options.attempt >= mostMismatches ? 'refuse' : 'retry';
  }
  return codes[error.code].retry === 'backoff' ? 'retry' : 'refuse';
}

/** The bundle that a step works on. */
export function manifestOf(step: Action): string {
  return 'bundle' in step ? step.bundle.manifest : step.manifest;
}
