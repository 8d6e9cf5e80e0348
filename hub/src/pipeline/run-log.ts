import type { Signer } from '@edgewise/models/bundle';
import { FleetError } from '@edgewise/protocol';
import { createTurns } from '../in-turn.ts';
import type { Live } from '../live.ts';
import type { BlobStore } from '../store/blobs.ts';
import type { RunRecord, RunRecords } from './run-records.ts';
import type { WorkListener } from './worker.ts';

/** The record of one run while it works. Changes are written in order. */
export interface RunLog {
  record(): RunRecord;
  /** Changes the record; resolves when it is durable. */
  change(edit: (record: RunRecord) => RunRecord): Promise<void>;
  /** Remembers that a person called the run off, if it has not ended. */
  callOff(): Promise<void>;
  /** Forgets the checkpoint of a run that has ended. */
  dropCheckpoint(): Promise<void>;
  /** Resolves when nothing is left to write. */
  settle(): Promise<void>;
  readonly listener: WorkListener;
}

/** How every text begins that the bundle key may sign: DSSE over an in-toto statement. */
const signable = new TextEncoder().encode('DSSEv1 28 application/vnd.in-toto+json ');

/** Writes down and tells what a worker says about its run. */
export function createRunLog(
  initial: RunRecord,
  options: {
    readonly records: RunRecords;
    readonly blobs: Pick<BlobStore, 'remove'>;
    readonly live: Live;
    readonly signer: Signer;
    /** Told of writes that nobody waits for. */
    readonly onError: (thrown: unknown) => void;
  },
): RunLog {
  const { records, blobs, live, onError } = options;
  let record = initial;
  const turns = createTurns();

  function change(edit: (record: RunRecord) => RunRecord): Promise<void> {
    return turns.take(async () => {
      const changed = edit(record);
      await records.put(changed);
      record = changed;
      live.emit({ kind: 'run', run: record.run });
    });
  }

  /** Only the last checkpoint is of use; the one before is removed when the new one is written down. */
  async function keepCheckpoint(checkpoint: string | null): Promise<void> {
    const before = record.checkpoint;
    await change((now) => ({ ...now, checkpoint }));
    if (before !== null && before !== checkpoint) await blobs.remove(before);
  }

  return {
    record: () => record,
    change,
    callOff: () =>
      change((now) => {
        const error = { code: 'canceled', detail: 'A person stopped the run.' } as const;
        return now.run.finishedAtMs === null ? { ...now, run: { ...now.run, error } } : now;
      }),
    dropCheckpoint: () => keepCheckpoint(null),
    settle: turns.settle,
    listener: {
      step(step) {
        change((now) => ({ ...now, run: { ...now.run, step, progress: 0 } })).catch(onError);
      },
      progress(progress, imagesPerSecond) {
        // Not worth a write: a hub that is killed starts the step or checkpoint again anyway.
        const speed = imagesPerSecond === undefined ? {} : { imagesPerSecond };
        record = { ...record, run: { ...record.run, progress, ...speed } };
        live.emit({ kind: 'run', run: record.run });
      },
      metric(metric) {
        turns
          .take(async () => {
            await records.addMetric(record.run.id, metric);
            live.emit({ kind: 'metric', run: record.run.id, metric });
          })
          .catch(onError);
      },
      trainer(engine) {
        change((now) => ({ ...now, run: { ...now.run, trainer: engine } })).catch(onError);
      },
      checkpoint: keepCheckpoint,
      result: (step, digest) =>
        change((now) => ({ ...now, results: { ...now.results, [step]: digest } })),
      sign(bytes) {
        const isSignable = signable.every((byte, at) => bytes[at] === byte);
        if (isSignable) return options.signer.sign(bytes);
        throw new FleetError('forbidden', 'The bundle key signs bundles only.');
      },
    },
  };
}
