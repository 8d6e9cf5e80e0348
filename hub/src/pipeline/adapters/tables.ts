import type { SchemaMigration } from '../../store/migration.ts';

/** Runs, what their steps gave, and their learning curves. */
export interface PipelineTables {
  runs: {
    id: string;
    model: string;
    status: string;
    createdAtMs: number;
    /** JSON `RunRecord`. */
    document: string;
  };
  runMetrics: {
    run: string;
    step: number;
    /** JSON `Metric`. */
    document: string;
  };
}

/** The first tables of the pipeline. */
export const pipelineMigration: SchemaMigration = {
  name: '0001-pipeline',
  async up(db) {
    await db.schema
      .createTable('runs')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('model', 'text', (column) => column.notNull())
      .addColumn('status', 'text', (column) => column.notNull())
      .addColumn('createdAtMs', 'bigint', (column) => column.notNull())
      .addColumn('document', 'text', (column) => column.notNull())
      .execute();
    await db.schema
      .createTable('runMetrics')
      .addColumn('run', 'text', (column) => column.notNull().references('runs.id'))
      .addColumn('step', 'integer', (column) => column.notNull())
      .addColumn('document', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('runMetricsKey', ['run', 'step'])
      .execute();
  },
};
