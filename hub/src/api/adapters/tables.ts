import type { Scope } from '@edgewise/protocol/http';
import type { SchemaMigration } from '../../store/migration.ts';

/** What the API keeps. */
export interface ApiTables {
  apiTokens: {
    name: string;
    scope: Scope;
    /** SHA-256 of the secret, hexadecimal. */
    hash: string;
    createdAtMs: number;
    lastUsedAtMs: number | null;
  };
}

/** The first tables of the API. */
export const apiMigration: SchemaMigration = {
  name: '0100-api',
  async up(db) {
    await db.schema
      .createTable('apiTokens')
      .addColumn('name', 'text', (column) => column.primaryKey())
      .addColumn('scope', 'text', (column) => column.notNull())
      .addColumn('hash', 'text', (column) => column.notNull().unique())
      .addColumn('createdAtMs', 'bigint', (column) => column.notNull())
      .addColumn('lastUsedAtMs', 'bigint')
      .execute();
  },
};
