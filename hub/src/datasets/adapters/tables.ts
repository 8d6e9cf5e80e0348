import type { SchemaMigration } from '../../store/migration.ts';

/** Data sets, the shards they are made of, and their snapshots. */
export interface DatasetTables {
  datasets: {
    id: string;
    /** JSON: sizes of one input. */
    dims: string;
    dtype: string;
    /** JSON: names in the order of their numbers. */
    classes: string;
    createdAtMs: number;
  };
  datasetShards: {
    dataset: string;
    part: string;
    /** Blob: an .npz with x and y. */
    digest: string;
    samples: number;
    createdAtMs: number;
  };
  datasetSnapshots: {
    digest: string;
    dataset: string;
    /** JSON: samples by part. */
    counts: string;
    createdAtMs: number;
  };
}

/** The first tables of the data sets. */
export const datasetMigration: SchemaMigration = {
  name: '0001-datasets',
  async up(db) {
    await db.schema
      .createTable('datasets')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('dims', 'text', (column) => column.notNull())
      .addColumn('dtype', 'text', (column) => column.notNull())
      .addColumn('classes', 'text', (column) => column.notNull())
      .addColumn('createdAtMs', 'bigint', (column) => column.notNull())
      .execute();
    await db.schema
      .createTable('datasetShards')
      .addColumn('dataset', 'text', (column) => column.notNull().references('datasets.id'))
      .addColumn('part', 'text', (column) => column.notNull())
      .addColumn('digest', 'text', (column) => column.notNull())
      .addColumn('samples', 'integer', (column) => column.notNull())
      .addColumn('createdAtMs', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('datasetShardsKey', ['dataset', 'part', 'digest'])
      .execute();
    await db.schema
      .createTable('datasetSnapshots')
      .addColumn('digest', 'text', (column) => column.notNull())
      .addColumn('dataset', 'text', (column) => column.notNull().references('datasets.id'))
      .addColumn('counts', 'text', (column) => column.notNull())
      .addColumn('createdAtMs', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('datasetSnapshotsKey', ['digest'])
      .execute();
  },
};
