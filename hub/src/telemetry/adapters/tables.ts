import { sql } from 'kysely';
import type { SchemaMigration } from '../../store/migration.ts';

/** What devices have told, and what is missing of it. */
export interface TelemetryTables {
  windows: {
    device: string;
    epoch: number;
    sequence: number;
    receivedAtMs: number;
    startMs: number;
    /** Packed. */
    body: Uint8Array;
  };
  events: {
    device: string;
    epoch: number;
    sequence: number;
    receivedAtMs: number;
    atMs: number;
    kind: string;
    /** JSON `DeviceEvent`. */
    body: string;
  };
  /** Messages that could not be read, raw. */
  quarantine: {
    device: string;
    class: string;
    /** SHA-256 of the body, so that a replay is the same row. */
    digest: string;
    receivedAtMs: number;
    code: string;
    reason: string;
    /** Where they could be read. */
    epoch: number | null;
    sequence: number | null;
    body: Uint8Array;
  };
  /** Which sequence numbers have come, per class and epoch. */
  sequences: {
    device: string;
    class: string;
    epoch: number;
    /** JSON array of inclusive ranges, rising and disjoint. */
    received: string;
    /** The same for what the device's budget dropped. */
    dropped: string;
    updatedAtMs: number;
  };
  /** Windows of one hour or day of one device, merged. */
  rollups: {
    device: string;
    span: string;
    startMs: number;
    bins: string;
    reference: string;
    windows: number;
    /** A packed window: the sum. */
    body: Uint8Array;
  };
}

/** The first tables of telemetry. */
export const telemetryMigration: SchemaMigration = {
  name: '0002-telemetry',
  async up(db) {
    await db.schema
      .createTable('windows')
      .addColumn('device', 'text', (column) => column.notNull())
      .addColumn('epoch', 'bigint', (column) => column.notNull())
      .addColumn('sequence', 'bigint', (column) => column.notNull())
      .addColumn('receivedAtMs', 'bigint', (column) => column.notNull())
      .addColumn('startMs', 'bigint', (column) => column.notNull())
      .addColumn('body', 'blob', (column) => column.notNull())
      .addPrimaryKeyConstraint('windowsKey', ['device', 'epoch', 'sequence'])
      .execute();
    await db.schema
      .createIndex('windowsByTime')
      .on('windows')
      .columns(['device', 'startMs'])
      .execute();
    await db.schema.createIndex('windowsByArrival').on('windows').column('receivedAtMs').execute();
    await db.schema
      .createTable('events')
      .addColumn('device', 'text', (column) => column.notNull())
      .addColumn('epoch', 'bigint', (column) => column.notNull())
      .addColumn('sequence', 'bigint', (column) => column.notNull())
      .addColumn('receivedAtMs', 'bigint', (column) => column.notNull())
      .addColumn('atMs', 'bigint', (column) => column.notNull())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('body', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('eventsKey', ['device', 'epoch', 'sequence'])
      .execute();
    await db.schema
      .createIndex('eventsByTime')
      .on('events')
      .columns(['device', 'receivedAtMs'])
      .execute();
    await db.schema
      .createTable('quarantine')
      .addColumn('device', 'text', (column) => column.notNull())
      .addColumn('class', 'text', (column) => column.notNull())
      .addColumn('digest', 'text', (column) => column.notNull())
      .addColumn('receivedAtMs', 'bigint', (column) => column.notNull())
      .addColumn('code', 'text', (column) => column.notNull())
      .addColumn('reason', 'text', (column) => column.notNull())
      .addColumn('epoch', 'bigint')
      .addColumn('sequence', 'bigint')
      .addColumn('body', 'blob', (column) => column.notNull())
      .addPrimaryKeyConstraint('quarantineKey', ['device', 'class', 'digest'])
      .execute();
    await db.schema
      .createTable('sequences')
      .addColumn('device', 'text', (column) => column.notNull())
      .addColumn('class', 'text', (column) => column.notNull())
      .addColumn('epoch', 'bigint', (column) => column.notNull())
      .addColumn('received', 'text', (column) => column.notNull())
      .addColumn('dropped', 'text', (column) => column.notNull().defaultTo(sql`'[]'`))
      .addColumn('updatedAtMs', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('sequencesKey', ['device', 'class', 'epoch'])
      .execute();
    await db.schema
      .createTable('rollups')
      .addColumn('device', 'text', (column) => column.notNull())
      .addColumn('span', 'text', (column) => column.notNull())
      .addColumn('startMs', 'bigint', (column) => column.notNull())
      .addColumn('bins', 'text', (column) => column.notNull())
      .addColumn('reference', 'text', (column) => column.notNull())
      .addColumn('windows', 'integer', (column) => column.notNull())
      .addColumn('body', 'blob', (column) => column.notNull())
      .addPrimaryKeyConstraint('rollupsKey', ['device', 'span', 'startMs', 'bins', 'reference'])
      .execute();
  },
};
