import type { SchemaMigration } from '../../store/migration.ts';

/** Sweeps, and each trial by itself: a trial changes often, a sweep seldom. */
export interface SweepTables {
  sweeps: {
    id: string;
    model: string;
    status: string;
    createdAtMs: number;
    /** JSON `Sweep` without trials. */
    document: string;
  };
  sweepTrials: {
    sweep: string;
    number: number;
    /** JSON `TrialRecord`. */
    document: string;
  };
}

/** The first tables of the sweeps. */
export const sweepMigration: SchemaMigration = {
  name: '0001-sweeps',
  async up(db) {
    await db.schema
      .createTable('sweeps')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('model', 'text', (column) => column.notNull())
      .addColumn('status', 'text', (column) => column.notNull())
      .addColumn('createdAtMs', 'bigint', (column) => column.notNull())
      .addColumn('document', 'text', (column) => column.notNull())
      .execute();
    await db.schema
      .createTable('sweepTrials')
      .addColumn('sweep', 'text', (column) => column.notNull().references('sweeps.id'))
      .addColumn('number', 'integer', (column) => column.notNull())
      .addColumn('document', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('sweepTrialsKey', ['sweep', 'number'])
      .execute();
  },
};
