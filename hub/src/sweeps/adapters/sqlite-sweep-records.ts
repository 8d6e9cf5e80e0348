import type { Sweep } from '@edgewise/protocol/http';
import type { Database, Queries } from '../../store/database.ts';
import type { SweepRecords, TrialRecord } from '../sweep-records.ts';

/** Sweeps in the hub's store. */
export function createSqliteSweepRecords(db: Database): SweepRecords {
  const documents = db.selectFrom('sweeps').select('document');
  return {
    putWhole: (sweep, trials) =>
      db.transaction().execute(async (transaction) => {
        await putSweep(transaction, sweep);
        for (const trial of trials) await putTrial(transaction, sweep.id, trial);
      }),
    put: (sweep) => putSweep(db, sweep),
    putTrial: (sweep, trial) => putTrial(db, sweep, trial),
    async find(sweep) {
      const row = await documents.where('id', '=', sweep).executeTakeFirst();
      return row && toSweep(row);
    },
    async list(limit) {
      const rows = await documents
        .orderBy('createdAtMs', 'desc')
        .orderBy('id', 'desc')
        .limit(limit)
        .execute();
      return rows.map(toSweep);
    },
    async open() {
      const rows = await documents
        .where('status', 'in', ['queued', 'running'])
        .orderBy('createdAtMs')
        .execute();
      return rows.map(toSweep);
    },
    async trials(sweep) {
      const rows = await db
        .selectFrom('sweepTrials')
        .select('document')
        .where('sweep', '=', sweep)
        .orderBy('number')
        .execute();
      return rows.map(({ document }) => JSON.parse(document) as TrialRecord);
    },
  };
}

async function putSweep(db: Queries, sweep: Sweep): Promise<void> {
  const { id, model, status, createdAtMs } = sweep;
  const change = { status, document: JSON.stringify({ ...sweep, trials: [] }) };
  await db
    .insertInto('sweeps')
    .values({ id, model, createdAtMs, ...change })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(change))
    .execute();
}

async function putTrial(db: Queries, sweep: string, record: TrialRecord): Promise<void> {
  const { number } = record.trial;
  const document = JSON.stringify(record);
  await db
    .insertInto('sweepTrials')
    .values({ sweep, number, document })
    .onConflict((conflict) => conflict.columns(['sweep', 'number']).doUpdateSet({ document }))
    .execute();
}

function toSweep({ document }: { document: string }): Sweep {
  return JSON.parse(document) as Sweep;
}
