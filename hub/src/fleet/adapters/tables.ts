import type { SchemaMigration } from '../../store/migration.ts';

/** Devices and the tokens they enrol with. */
export interface FleetTables {
  devices: {
    id: string;
    publicKey: string;
    deviceClass: string;
    agentVersion: string;
    enrolledAtMs: number;
    revokedAtMs: number | null;
    clonedAtMs: number | null;
    presence: string;
    presenceSinceMs: number;
    /** The instance and session that presence speaks of. */
    instance: string | null;
    session: number;
    /** JSON `DeviceState`. */
    state: string | null;
    generation: number;
    commandGeneration: number;
    /** JSON `Target`: what the envelope holds, readable. */
    target: string | null;
    /** JSON `SignedEnvelope`, exactly as published. */
    envelope: string | null;
  };
  enrolmentTokens: {
    /** SHA-256 of the secret. */
    hash: string;
    createdAtMs: number;
    expiresAtMs: number;
    /** Key and name of the device that used it. */
    publicKey: string | null;
    device: string | null;
  };
}

/** The first tables of the fleet. */
export const fleetMigration: SchemaMigration = {
  name: '0001-fleet',
  async up(db) {
    await db.schema
      .createTable('devices')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('publicKey', 'text', (column) => column.notNull().unique())
      .addColumn('deviceClass', 'text', (column) => column.notNull())
      .addColumn('agentVersion', 'text', (column) => column.notNull())
      .addColumn('enrolledAtMs', 'bigint', (column) => column.notNull())
      .addColumn('revokedAtMs', 'bigint')
      .addColumn('clonedAtMs', 'bigint')
      .addColumn('presence', 'text', (column) => column.notNull())
      .addColumn('presenceSinceMs', 'bigint', (column) => column.notNull())
      .addColumn('instance', 'text')
      .addColumn('session', 'bigint', (column) => column.notNull())
      .addColumn('state', 'text')
      .addColumn('generation', 'bigint', (column) => column.notNull())
      .addColumn('commandGeneration', 'bigint', (column) => column.notNull())
      .addColumn('target', 'text')
      .addColumn('envelope', 'text')
      .execute();
    await db.schema
      .createTable('enrolmentTokens')
      .addColumn('hash', 'text', (column) => column.primaryKey())
      .addColumn('createdAtMs', 'bigint', (column) => column.notNull())
      .addColumn('expiresAtMs', 'bigint', (column) => column.notNull())
      .addColumn('publicKey', 'text')
      .addColumn('device', 'text')
      .execute();
  },
};
