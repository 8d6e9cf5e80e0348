import { FleetError } from '@edgewise/protocol';
import type { Reproduction, Run } from '@edgewise/protocol/http';
import type { BlobStore } from '../../store/blobs.ts';
import { queuedRun } from '../queued-run.ts';
import type { RunRecord } from '../run-records.ts';
import { artifactsOf } from './artifacts.ts';
import { compareArtifacts, type RunOutcome } from './compare-artifacts.ts';

/**
 * A run that does the recorded job of another once more, from nothing. The job is the same blob, so
 * that recipe, snapshot, seed, threads, champion and even the manifests' time are the same. Throws
 * `conflict` for a run that is not done, and `invalid-argument` for one that is a repetition itself.
 */
export function repetitionOf(
  { run, champion, job }: RunRecord,
  fresh: Pick<Run, 'id' | 'createdAtMs'>,
): RunRecord {
  if (run.reproduces !== undefined) {
    throw new FleetError(
      'invalid-argument',
      `Run ${run.id} repeats ${run.reproduces} itself; reproduce that one.`,
    );
  }
  if (run.status !== 'done' || job === null) {
    throw new FleetError(
      'conflict',
      `Run ${run.id} is ${run.status}: only a run that is done can be reproduced.`,
    );
  }
  const { model, kind, snapshot, recipe, seed } = run;
  const repeated = queuedRun({ ...fresh, model, kind, snapshot, recipe, seed });
  return { run: { ...repeated, reproduces: run.id }, champion, job, results: {}, checkpoint: null };
}

/** How a finished repetition compares with the run it repeats. */
export async function reproductionOf(
  recorded: RunRecord,
  repeated: RunRecord,
  blobs: BlobStore,
): Promise<Reproduction> {
  const outcomeOf = async ({ run, results }: RunRecord): Promise<RunOutcome> => ({
    artifacts: await artifactsOf(results, blobs),
    build: run.trainer?.build ?? run.trainer?.library ?? null,
  });
  return compareArtifacts(await outcomeOf(recorded), await outcomeOf(repeated));
}
