import { FleetError } from '@edgewise/protocol';
import type { Sweep, Trial } from '@edgewise/protocol/http';
import type { Live } from '../live.ts';
import type { SweepRecords, TrialRecord } from './sweep-records.ts';

/** A sweep under way. Every change is durable before it is told. */
export interface Ledger {
  sweep(): Sweep;
  /** By number. */
  trials(): readonly Trial[];
  trial(number: number): TrialRecord;
  change(edit: Partial<Sweep>): Promise<void>;
  changeTrial(number: number, edit: (record: TrialRecord) => TrialRecord): Promise<void>;
  /** Tells how far a trial is; not worth a write. */
  progress(number: number, progress: number): void;
}

/** Opens the ledger of a sweep. */
export async function openLedger(
  started: Sweep,
  { records, live }: { readonly records: SweepRecords; readonly live: Live },
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
  return {
    sweep: () => sweep,
    trials: () => [...trials.values()].map(({ trial }) => trial),
    trial: find,
    async change(edit) {
      sweep = { ...sweep, ...edit };
      await records.put(sweep);
      live.emit({ kind: 'sweep', sweep });
    },
    async changeTrial(number, edit) {
      const record = edit(find(number));
      trials.set(number, record);
      await records.putTrial(sweep.id, record);
      live.emit({ kind: 'trial', sweep: sweep.id, trial: record.trial });
    },
    progress(number, progress) {
      const record = find(number);
      const trial = { ...record.trial, progress };
      trials.set(number, { ...record, trial });
      live.emit({ kind: 'trial', sweep: sweep.id, trial });
    },
  };
}
