import { FleetError } from '@edgewise/protocol';
import type { Trial, TrialResult } from '@edgewise/protocol/http';
import type { Clock } from '../clock.ts';
import type { TrialOrder } from '../pipeline/worker/messages.ts';
import type { Worker, WorkListener, WorkOutcome } from '../pipeline/worker.ts';
import type { BlobStore } from '../store/blobs.ts';
import { variesFewBits } from './lay-out.ts';
import type { Ledger } from './ledger.ts';

/** What trials are trained with. */
export interface TrialWork {
  readonly ledger: Ledger;
  readonly worker: Worker<TrialOrder>;
  readonly blobs: BlobStore;
  readonly blobFolder: string;
  readonly threads: number;
  readonly clock: Clock;
  /** Told of writes that nobody waits for. */
  readonly onError: (thrown: unknown) => void;
}

/** Workers that may be lost before a trial has failed. */
const attempts = 3;

/**
 * Trains a trial up to `epochs` in all and writes down what it finds, or why it failed. One that is
 * interrupted by the signal stays as it stands: it goes on from its checkpoint. Rejects with `disk-full`.
 */
export async function workTrial(
  { number, epochs }: { readonly number: number; readonly epochs: number },
  work: TrialWork,
  signal: AbortSignal,
): Promise<void> {
  const { ledger, clock } = work;
  const { results, trainedMs: before = 0 } = ledger.trial(number).trial;
  const rounds = results.length;
  const begunAtMs = clock.now();
  const trainedMs = () => before + clock.now() - begunAtMs;
  const isFinished = () => ledger.trial(number).trial.results.length > rounds;
  await setStatus(ledger, number, { status: 'running' });
  let outcome: WorkOutcome = { ok: false, code: 'unavailable', detail: 'It was not tried.' };
  for (let attempt = 0; attempt < attempts && isLost(outcome); attempt++) {
    // A worker that was lost may have left words that are not written down yet.
    await ledger.settle();
    if (signal.aborted || isFinished()) break;
    const listener = listenTo(number, work, { trainedMs, rounds });
    outcome = await work.worker.run(orderOf(number, epochs, work), listener, signal);
  }
  await ledger.settle();
  if (!outcome.ok && !isFinished() && !signal.aborted) {
    const { code, detail } = outcome;
    // No fault of the trial: those that come after it would not fare better.
    if (code === 'disk-full') throw new FleetError(code, detail);
    const error = { code, detail };
    await setStatus(ledger, number, { status: 'failed', error, trainedMs: trainedMs() });
  }
}

const isLost = (outcome: WorkOutcome): boolean => !outcome.ok && outcome.code === 'unavailable';

function withResult(trial: Trial, found: TrialResult, rounds: number): Trial {
  const results = [...trial.results, found];
  if (results.length < rounds) return { ...trial, results, status: 'paused' };
  // One that stopped early is as far as it will be.
  return { ...trial, results, status: 'done', progress: 1 };
}

const setStatus = (ledger: Ledger, number: number, change: Partial<Trial>): Promise<void> =>
  ledger.changeTrial(number, (record) => ({ ...record, trial: { ...record.trial, ...change } }));

function orderOf(number: number, epochs: number, work: TrialWork): TrialOrder {
  const { ledger, blobFolder, threads } = work;
  const { snapshot, seed, spec } = ledger.sweep();
  const { trial, checkpoint } = ledger.trial(number);
  return {
    ...{ blobFolder, recipe: trial.recipe, snapshot, seed, threads, epochs },
    ...(variesFewBits(spec) && { forFewBits: true }),
    ...(checkpoint !== null && { checkpoint }),
  };
}

function listenTo(
  number: number,
  { ledger, blobs, onError }: TrialWork,
  { trainedMs, rounds }: { readonly trainedMs: () => number; readonly rounds: number },
): WorkListener {
  const nothing = () => undefined;
  return {
    ...{ step: nothing, trainer: nothing },
    progress: (progress) => ledger.progress(number, { progress, trainedMs: trainedMs() }),
    metric(metric) {
      // Points between the ends of epochs would not make trials easier to compare.
      if (metric.trainingAccuracy !== undefined) ledger.keepEpoch(number, metric).catch(onError);
    },
    checkpoint: (checkpoint) => ledger.keepCheckpoint(number, checkpoint),
    async result(_, digest) {
      const found = JSON.parse(new TextDecoder().decode(await blobs.get(digest))) as TrialResult;
      await ledger.changeTrial(number, (record) => {
        const { trial } = record;
        // Two workers may tell of one round, where the first was taken for lost.
        if (trial.results.length > rounds) return record;
        const all = ledger.sweep().rungs.length;
        return { ...record, trial: { ...withResult(trial, found, all), trainedMs: trainedMs() } };
      });
    },
    sign: () => Promise.reject(new FleetError('forbidden', 'A trial has nothing to sign.')),
  };
}
