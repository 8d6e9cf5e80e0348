import type { DatasetPart, Snapshot } from '@edgewise/protocol/http';
import type { Database } from '../../store/database.ts';
import type { DatasetFacts, DatasetRecords } from '../dataset-records.ts';
import type { DatasetTables } from './tables.ts';

/** Data sets in the hub's store. */
export function createSqliteDatasetRecords(db: Database): DatasetRecords {
  return {
    async list() {
      const rows = await db
        .selectFrom('datasets')
        .selectAll()
        .orderBy('createdAtMs', 'desc')
        .execute();
      return rows.map(toFacts);
    },
    async find(dataset) {
      const row = await db
        .selectFrom('datasets')
        .selectAll()
        .where('id', '=', dataset)
        .executeTakeFirst();
      return row && toFacts(row);
    },
    addShard: (dataset, shard) =>
      db.transaction().execute(async (tx) => {
        await tx
          .insertInto('datasets')
          .values({
            id: dataset.id,
            dims: JSON.stringify(dataset.dims),
            dtype: dataset.dtype,
            classes: JSON.stringify(dataset.classes),
            createdAtMs: dataset.createdAtMs,
          })
          .onConflict((conflict) => conflict.doNothing())
          .execute();
        await tx
          .insertInto('datasetShards')
          .values({ ...shard, dataset: dataset.id, createdAtMs: dataset.createdAtMs })
          .onConflict((conflict) => conflict.doNothing())
          .execute();
      }),
    async shards(dataset) {
      const rows = await db
        .selectFrom('datasetShards')
        .select(['part', 'digest', 'samples'])
        .where('dataset', '=', dataset)
        .execute();
      return rows.map((row) => ({ ...row, part: row.part as DatasetPart }));
    },
    async addSnapshot({ counts, ...snapshot }) {
      await db
        .insertInto('datasetSnapshots')
        .values({ ...snapshot, counts: JSON.stringify(counts) })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    },
    async findSnapshot(digest) {
      const row = await db
        .selectFrom('datasetSnapshots')
        .selectAll()
        .where('digest', '=', digest)
        .executeTakeFirst();
      return row && toSnapshot(row);
    },
    async snapshots(dataset) {
      const rows = await db
        .selectFrom('datasetSnapshots')
        .selectAll()
        .where('dataset', '=', dataset)
        .orderBy('createdAtMs', 'desc')
        .execute();
      return rows.map(toSnapshot);
    },
  };
}

function toFacts(row: DatasetTables['datasets']): DatasetFacts {
  return {
    ...row,
    dims: JSON.parse(row.dims) as number[],
    classes: JSON.parse(row.classes) as string[],
  };
}

function toSnapshot(row: DatasetTables['datasetSnapshots']): Snapshot {
  return { ...row, counts: JSON.parse(row.counts) as Snapshot['counts'] };
}
