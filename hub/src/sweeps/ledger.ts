import { isDeepStrictEqual } from 'node:util';
import { FleetError } from '@edgewise/protocol';
import type { Metric, Sweep, Trial } from '@edgewise/protocol/http';
import type { Live } from '../live.ts';
import type { BlobStore } from '../store/blobs.ts';
import type { SweepRecords, TrialRecord } from './sweep-records.ts';
import { tallyOf } from './tally.ts';
import { withEpoch } from './trial-curve.ts';

/** A sweep under way. Every change is durable before it is told. */
export interface Ledger {
  sweep(): Sweep;
  /** By number. */
  trials(): readonly Trial[];
  trial(number: number): TrialRecord;
  change(edit: Partial<Sweep>): Promise<void>;
  changeTrial(number: number, edit: (record: TrialRecord) => TrialRecord): Promise<void>;
  /** Remembers where a trial left off; the checkpoint before is forgotten when this one is durable. */
  keepCheckpoint(number: number, checkpoint: string | null): Promise<void>;
  /** Tells how far a trial is; not worth a write. */
  progress(number: number, change: Pick<Trial, 'progress' | 'trainedMs'>): void;
  /** Remembers the end of an epoch. */
  keepEpoch(number: number, end: Metric): Promise<void>;
}

/** What a ledger is kept with. */
interface LedgerParts {
  readonly records: SweepRecords;
  readonly blobs: Pick<BlobStore, 'remove'>;
  readonly live: Live;
}

/** Opens the ledger of a sweep. */
export async function openLedger(
  started: Sweep,
  { records, blobs, live }: LedgerParts,
): Promise<Ledger> {
  let sweep = started;
  const trials = new Map(
    (await records.trials(started.id)).map((each) => [each.trial.number, each]),
  );
  const find = (number: number): TrialRecord => {
    const record = trials.get(number);
    if (record === undefined) throw new FleetError('internal', `There is no trial ${number}.`);
    return record;
  };
  async function changeTrial(
    number: number,
    edit: (record: TrialRecord) => TrialRecord,
  ): Promise<void> {
    const record = edit(find(number));
    trials.set(number, record);
    await records.putTrial(sweep.id, record);
    live.emit({ kind: 'trial', sweep: sweep.id, trial: record.trial });
    if (!isDeepStrictEqual(tally(), sweep.tally)) await change({});
  }
  async function change(edit: Partial<Sweep>): Promise<void> {
    sweep = { ...sweep, ...edit, tally: tally() };
    await records.put(sweep);
    live.emit({ kind: 'sweep', sweep });
  }
  const all = (): readonly Trial[] => [...trials.values()].map(({ trial }) => trial);
  const tally = () => tallyOf(all(), sweep.rungs);

  return {
    sweep: () => sweep,
    trials: all,
    trial: find,
    changeTrial,
    change,
    async keepCheckpoint(number, checkpoint) {
      const before = find(number).checkpoint;
      await changeTrial(number, (record) => ({ ...record, checkpoint }));
      // Trials that do not differ where it matters come to the same bytes, and so to one blob.
      const isShared = [...trials.values()].some((each) => each.checkpoint === before);
      if (before !== null && !isShared) await blobs.remove(before);
    },
    progress(number, change) {
      const record = find(number);
      const trial = { ...record.trial, ...change };
      trials.set(number, { ...record, trial });
      live.emit({ kind: 'trial', sweep: sweep.id, trial });
    },
    async keepEpoch(number, end) {
      const { curve = [], ...record } = find(number);
      const longer = { ...record, curve: withEpoch(curve, end) };
      trials.set(number, longer);
      await records.putTrial(sweep.id, longer);
      live.emit({ kind: 'trial-metric', sweep: sweep.id, trial: number, metric: end });
    },
  };
}
