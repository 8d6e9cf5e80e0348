import type { SchemaMigration } from '../../store/migration.ts';

/** Parity certificates, the newest of each device and bundle. */
export interface ParityTables {
  parityCertificates: {
    device: string;
    manifest: string;
    atMs: number;
    /** JSON `ParityRecord`. */
    document: string;
  };
}

/** The first table of the certificates. */
export const parityMigration: SchemaMigration = {
  name: '0001-parity',
  async up(db) {
    await db.schema
      .createTable('parityCertificates')
      .addColumn('device', 'text', (column) => column.notNull())
      .addColumn('manifest', 'text', (column) => column.notNull())
      .addColumn('atMs', 'bigint', (column) => column.notNull())
      .addColumn('document', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('parityCertificatesKey', ['manifest', 'device'])
      .execute();
  },
};
