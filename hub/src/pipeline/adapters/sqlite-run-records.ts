import type { Metric } from '@edgewise/protocol/http';
import type { Database } from '../../store/database.ts';
import type { RunRecord, RunRecords } from '../run-records.ts';

/** Runs in the hub's store. */
export function createSqliteRunRecords(db: Database): RunRecords {
  const documents = db.selectFrom('runs').select('document');
  return {
    async put(record) {
      const { id, model, status, createdAtMs } = record.run;
      const change = { status, document: JSON.stringify(record) };
      await db
        .insertInto('runs')
        .values({ id, model, createdAtMs, ...change })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(change))
        .execute();
    },
    async find(run) {
      const row = await documents.where('id', '=', run).executeTakeFirst();
      return row && toRecord(row);
    },
    async list(limit) {
      const rows = await documents
        .orderBy('createdAtMs', 'desc')
        .orderBy('id', 'desc')
        .limit(limit)
        .execute();
      return rows.map(toRecord);
    },
    async open() {
      const rows = await documents
        .where('status', 'in', ['queued', 'running'])
        .orderBy('createdAtMs')
        .execute();
      return rows.map(toRecord);
    },
    async addMetric(run, metric) {
      const document = JSON.stringify(metric);
      await db
        .insertInto('runMetrics')
        .values({ run, step: metric.step, document })
        .onConflict((conflict) => conflict.columns(['run', 'step']).doUpdateSet({ document }))
        .execute();
    },
    async metrics(run) {
      const rows = await db
        .selectFrom('runMetrics')
        .select('document')
        .where('run', '=', run)
        .orderBy('step')
        .execute();
      return rows.map(({ document }) => JSON.parse(document) as Metric);
    },
  };
}

function toRecord({ document }: { document: string }): RunRecord {
  return JSON.parse(document) as RunRecord;
}
