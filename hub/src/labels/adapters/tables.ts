import type { SchemaMigration } from '../../store/migration.ts';

/** Samples that came from devices, with their labels. */
export interface LabelTables {
  fieldSamples: {
    sample: string;
    device: string;
    model: string;
    version: number;
    atMs: number;
    reason: string;
    predicted: number;
    confidence: number;
    alarm: string | null;
    /** JSON: sizes of the input. */
    dims: string;
    dtype: string;
    status: string;
    label: number | null;
    /** `gate` samples are kept apart from training. */
    use: string;
    labelledAtMs: number | null;
    labelledBy: string | null;
  };
}

/** The first tables of the label queue. */
export const labelMigration: SchemaMigration = {
  name: '0001-labels',
  async up(db) {
    await db.schema
      .createTable('fieldSamples')
      .addColumn('sample', 'text', (column) => column.primaryKey())
      .addColumn('device', 'text', (column) => column.notNull())
      .addColumn('model', 'text', (column) => column.notNull())
      .addColumn('version', 'integer', (column) => column.notNull())
      .addColumn('atMs', 'bigint', (column) => column.notNull())
      .addColumn('reason', 'text', (column) => column.notNull())
      .addColumn('predicted', 'integer', (column) => column.notNull())
      .addColumn('confidence', 'real', (column) => column.notNull())
      .addColumn('alarm', 'text')
      .addColumn('dims', 'text', (column) => column.notNull())
      .addColumn('dtype', 'text', (column) => column.notNull())
      .addColumn('status', 'text', (column) => column.notNull())
      .addColumn('label', 'integer')
      .addColumn('use', 'text', (column) => column.notNull())
      .addColumn('labelledAtMs', 'bigint')
      .addColumn('labelledBy', 'text')
      .execute();
    await db.schema
      .createIndex('fieldSamplesQueue')
      .on('fieldSamples')
      .columns(['status', 'model', 'atMs'])
      .execute();
    await db.schema
      .createIndex('fieldSamplesAlarm')
      .on('fieldSamples')
      .columns(['alarm'])
      .execute();
  },
};
