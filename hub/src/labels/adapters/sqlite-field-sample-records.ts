import type { FieldSample } from '@edgewise/protocol/http';
import type { Database } from '../../store/database.ts';
import type { FieldSampleRecord, FieldSampleRecords, SampleUse } from '../field-sample-records.ts';
import type { LabelTables } from './tables.ts';

/** Field samples in the hub's store. */
export function createSqliteFieldSampleRecords(db: Database): FieldSampleRecords {
  const samples = db.selectFrom('fieldSamples');
  return {
    async add(record) {
      const result = await db
        .insertInto('fieldSamples')
        .values(toRow(record))
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst();
      return result.numInsertedOrUpdatedRows === 1n;
    },
    async put(record) {
      const { sample, ...row } = toRow(record);
      await db.updateTable('fieldSamples').set(row).where('sample', '=', sample).execute();
    },
    async find(sample) {
      const row = await samples.selectAll().where('sample', '=', sample).executeTakeFirst();
      return row && toRecord(row);
    },
    async queue({ limit, status, model }) {
      const query = samples.selectAll().where('status', '=', status);
      const rows = await (model === undefined ? query : query.where('model', '=', model))
        .orderBy('atMs')
        .orderBy('sample')
        .limit(limit)
        .execute();
      return rows.map(toRecord);
    },
    async countWaiting() {
      const row = await samples
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('status', '=', 'waiting')
        .executeTakeFirstOrThrow();
      return row.count;
    },
    async countRandom({ model, alarm }) {
      const rows = await samples
        .select(['use', ({ fn }) => fn.countAll<number>().as('count')])
        .where('model', '=', model)
        .where('alarm', 'is', alarm)
        .where('status', '=', 'labelled')
        .where('reason', '=', 'random')
        .groupBy('use')
        .execute();
      const of = (use: SampleUse) => rows.find((row) => row.use === use)?.count ?? 0;
      return { train: of('train'), gate: of('gate') };
    },
    async ofAlarm(alarm) {
      const rows = await samples
        .select(['atMs', 'status', 'reason', 'predicted', 'label', 'use', 'labelledAtMs'])
        .where('alarm', '=', alarm)
        .orderBy('labelledAtMs')
        .orderBy('sample')
        .execute();
      const labelled = rows.filter(({ status }) => status === 'labelled');
      return {
        received: rows.length,
        labelled: labelled.length,
        skipped: rows.filter(({ status }) => status === 'skipped').length,
        gate: labelled.filter(({ use }) => use === 'gate').length,
        randomErrors: labelled
          .filter(({ reason }) => reason === 'random')
          .map(({ predicted, label }) => predicted !== label),
        changedAtMs: rows.reduce<number | null>(
          (latest, { atMs, labelledAtMs }) => Math.max(latest ?? 0, atMs, labelledAtMs ?? 0),
          null,
        ),
      };
    },
    async countLabelled(models) {
      if (models.length === 0) return 0;
      const row = await samples
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('status', '=', 'labelled')
        .where('model', 'in', models)
        .executeTakeFirstOrThrow();
      return row.count;
    },
    async labelled(models) {
      if (models.length === 0) return [];
      const rows = await samples
        .selectAll()
        .where('status', '=', 'labelled')
        .where('model', 'in', models)
        .execute();
      return rows.map(toRecord).map(({ sample, label, device, reason, use, alarm }) => ({
        ...{ sample, device, reason, use, alarm },
        label: label ?? 0,
      }));
    },
  };
}

function toRow(record: FieldSampleRecord): LabelTables['fieldSamples'] {
  return { ...record, dims: JSON.stringify(record.dims) };
}

function toRecord(row: LabelTables['fieldSamples']): FieldSampleRecord {
  return {
    ...row,
    dims: JSON.parse(row.dims) as number[],
    reason: row.reason as FieldSample['reason'],
    status: row.status as FieldSample['status'],
    use: row.use as SampleUse,
  };
}
