import type { SchemaMigration } from '../../store/migration.ts';

/** Rollouts with the state of each device in them. */
export interface RolloutTables {
  rollouts: {
    id: string;
    model: string;
    status: string;
    createdAtMs: number;
    /** JSON `RolloutRecord`. */
    document: string;
  };
}

/** The first table of the rollouts. */
export const rolloutMigration: SchemaMigration = {
  name: '0001-rollouts',
  async up(db) {
    await db.schema
      .createTable('rollouts')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('model', 'text', (column) => column.notNull())
      .addColumn('status', 'text', (column) => column.notNull())
      .addColumn('createdAtMs', 'bigint', (column) => column.notNull())
      .addColumn('document', 'text', (column) => column.notNull())
      .execute();
  },
};
