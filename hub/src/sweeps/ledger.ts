import { isDeepStrictEqual } from 'node:util';
import { FleetError } from '@edgewise/protocol';
import type { Metric, Sweep, Trial } from '@edgewise/protocol/http';
import { createTurns } from '../in-turn.ts';
import type { Live } from '../live.ts';
import type { BlobStore } from '../store/blobs.ts';
import type { SweepRecords, TrialRecord } from './sweep-records.ts';
import { tallyOf } from './tally.ts';
import { withEpoch } from './trial-curve.ts';
import { usefulCheckpoints } from './useful-checkpoints.ts';

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
  /** Forgets the checkpoints that nothing will go on from. */
  forgetCheckpoints(): Promise<void>;
  /** Remembers that a person called the sweep off, if it has not ended. */
  callOff(): Promise<void>;
  /** Ends the sweep and what of its trials is not over, in one write; forgets all checkpoints but that of the trial `handedOn`. */
  end(edit: Partial<Sweep>, handedOn?: number): Promise<void>;
  /** Resolves when nothing is left to write. */
  settle(): Promise<void>;
}

/** Those whose training has come to an end of its own. */
const over: ReadonlySet<Trial['status']> = new Set(['done', 'stopped', 'failed']);

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
  const turns = createTurns();
  const all = (): readonly Trial[] => [...trials.values()].map(({ trial }) => trial);

  async function keep(record: TrialRecord): Promise<void> {
    await records.putTrial(sweep.id, record);
    trials.set(record.trial.number, record);
    live.emit({ kind: 'trial', sweep: sweep.id, trial: record.trial });
    const tally = tallyOf(all(), sweep.rungs);
    if (!isDeepStrictEqual(tally, sweep.tally)) await keepSweep({ tally });
  }

  async function keepSweep(edit: Partial<Sweep>): Promise<void> {
    const edited = { ...sweep, ...edit };
    await records.put(edited);
    sweep = edited;
    live.emit({ kind: 'sweep', sweep });
  }

  async function keepCheckpoint(number: number, checkpoint: string | null): Promise<void> {
    const before = find(number);
    await keep({ ...before, checkpoint });
    await forget([before]);
  }

  /** Trials that do not differ where it matters come to the same bytes, and so to one blob. */
  async function forget(old: readonly TrialRecord[]): Promise<void> {
    const kept = new Set([...trials.values()].map(({ checkpoint }) => checkpoint));
    for (const { checkpoint } of old) {
      if (checkpoint !== null && !kept.has(checkpoint)) await blobs.remove(checkpoint);
    }
  }

  return {
    sweep: () => sweep,
    trials: all,
    trial: find,
    changeTrial: (number, edit) => turns.take(() => keep(edit(find(number)))),
    change: (edit) => turns.take(() => keepSweep(edit)),
    keepCheckpoint: (number, checkpoint) => turns.take(() => keepCheckpoint(number, checkpoint)),
    progress(number, change) {
      const record = find(number);
      const trial = { ...record.trial, ...change };
      trials.set(number, { ...record, trial });
      live.emit({ kind: 'trial', sweep: sweep.id, trial });
    },
    keepEpoch: (number, end) =>
      turns.take(async () => {
        const { curve = [], ...record } = find(number);
        const longer = { ...record, curve: withEpoch(curve, end) };
        await records.putTrial(sweep.id, longer);
        trials.set(number, longer);
        live.emit({ kind: 'trial-metric', sweep: sweep.id, trial: number, metric: end });
      }),
    forgetCheckpoints: () =>
      turns.take(async () => {
        const useful = usefulCheckpoints(all());
        for (const { trial, checkpoint } of [...trials.values()]) {
          if (checkpoint === null || useful.has(trial.number)) continue;
          await keepCheckpoint(trial.number, null);
        }
      }),
    callOff: () =>
      turns.take(async () => {
        if (sweep.finishedAtMs !== null) return;
        await keepSweep({ error: { code: 'canceled', detail: 'A person stopped the sweep.' } });
      }),
    end: (edit, handedOn) =>
      turns.take(async () => {
        const before = [...trials.values()];
        const after = before.map(({ trial, checkpoint, ...rest }) => ({
          ...rest,
          trial: over.has(trial.status) ? trial : { ...trial, status: 'canceled' as const },
          checkpoint: trial.number === handedOn ? checkpoint : null,
        }));
        const tally = tallyOf(
          after.map(({ trial }) => trial),
          sweep.rungs,
        );
        const edited = { ...sweep, ...edit, tally };
        await records.putWhole(edited, after);
        sweep = edited;
        for (const record of after) trials.set(record.trial.number, record);
        for (const [at, { trial }] of after.entries()) {
          if (trial !== before[at]?.trial) live.emit({ kind: 'trial', sweep: sweep.id, trial });
        }
        live.emit({ kind: 'sweep', sweep });
        await forget(before);
      }),
    settle: turns.settle,
  };
}
