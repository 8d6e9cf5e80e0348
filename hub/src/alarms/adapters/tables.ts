import type { SchemaMigration } from '../../store/migration.ts';

/** Where the drift monitor stands with each device, and the alarms it raised. */
export interface AlarmTables {
  deviceMonitors: {
    device: string;
    /** JSON `WatchedDevice`. */
    document: string;
  };
  windowDrift: {
    device: string;
    epoch: number;
    sequence: number;
    /** JSON `DriftSummary` after this window. */
    document: string;
  };
  alarms: {
    id: string;
    model: string;
    status: string;
    openedAtMs: number;
    /** JSON `AlarmRecord`. */
    document: string;
  };
}

/** The first tables of the alarms. */
export const alarmMigration: SchemaMigration = {
  name: '0001-alarms',
  async up(db) {
    await db.schema
      .createTable('deviceMonitors')
      .addColumn('device', 'text', (column) => column.primaryKey())
      .addColumn('document', 'text', (column) => column.notNull())
      .execute();
    await db.schema
      .createTable('windowDrift')
      .addColumn('device', 'text', (column) => column.notNull())
      .addColumn('epoch', 'bigint', (column) => column.notNull())
      .addColumn('sequence', 'bigint', (column) => column.notNull())
      .addColumn('document', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('windowDriftKey', ['device', 'epoch', 'sequence'])
      .execute();
    await db.schema
      .createTable('alarms')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('model', 'text', (column) => column.notNull())
      .addColumn('status', 'text', (column) => column.notNull())
      .addColumn('openedAtMs', 'bigint', (column) => column.notNull())
      .addColumn('document', 'text', (column) => column.notNull())
      .execute();
  },
};
