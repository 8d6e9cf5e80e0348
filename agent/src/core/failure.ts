import type { Code, FleetError, ParityReport } from '@edgewise/protocol';
import type { Action, StepName, StepOf } from './step.ts';

/** Codes that blame the bundle: trying again gives the same answer. */
const blaming: ReadonlySet<Code> = new Set([
  'signature-invalid',
  'malformed',
  'too-large',
  'newer-version',
  'unsupported',
  'incompatible',
  'invalid-argument',
  'parity-failed',
]);

/** Steps whose failure may be the fault of the bundle they work on. */
const judging: ReadonlySet<StepName> = new Set([
  'downloadBundle',
  'verifyBundle',
  'installSlot',
  'proveSlot',
]);

/** Bytes that came wrong or were lost again may be fetched anew. */
const fetchable: ReadonlySet<Code> = new Set(['digest-mismatch', 'not-found']);

/** Times that a bundle is fetched anew before it is refused. */
const mostFetches = 3;

/** What a failed step leads to: trying again after a pause, or never running that bundle. */
export function afterFailure(
  step: Action,
  error: FleetError,
  options: { readonly attempt: number },
): 'retry' | 'refuse' {
  if (!judging.has(step.name)) return 'retry';
  if (isFetchable(error.code)) return options.attempt >= mostFetches ? 'refuse' : 'retry';
  return blaming.has(error.code) ? 'refuse' : 'retry';
}

/** The step that refuses the bundle of a failed one. */
export function refusalAfter(step: Action, error: FleetError): StepOf<'refuseBundle'> {
  const parity = certificateOf(error);
  return {
    name: 'refuseBundle',
    manifest: manifestOf(step),
    code: error.code,
    detail: error.reason,
    ...(parity && { parity }),
  };
}

/** Only the proof fails with this code, and its detail is the certificate. */
function certificateOf({ code, detail }: FleetError): ParityReport | undefined {
  if (code !== 'parity-failed' || typeof detail.vectors !== 'number') return undefined;
  return detail as unknown as ParityReport;
}

/** The bundle that a step works on. */
export function manifestOf(step: Action): string {
  return 'bundle' in step ? step.bundle.manifest : step.manifest;
}

/** Whether the cure is to fetch the bundle's files again. */
export function isFetchable(code: Code): boolean {
  return fetchable.has(code);
}
