import type { SchemaMigration } from '../../store/migration.ts';

/** Models, their versions, and the record of what people brought in. */
export interface RegistryTables {
  models: {
    id: string;
    dataset: string;
    /** Blob: the recipe as JSON. */
    recipe: string;
    /** JSON `ModelPolicies`. */
    policies: string;
    createdAtMs: number;
  };
  /** Numbers are given to runs before their version exists, and never twice. */
  versionNumbers: {
    model: string;
    version: number;
    /** The run that has this number. */
    run: string;
  };
  modelVersions: {
    model: string;
    version: number;
    createdAtMs: number;
    /** JSON `ModelVersion` without `servedBy`. */
    document: string;
  };
  registryAudit: {
    id: string;
    atMs: number;
    /** Name of the token. */
    caller: string;
    action: string;
    /** JSON. */
    detail: string;
  };
}

/** The first tables of the registry. */
export const registryMigration: SchemaMigration = {
  name: '0001-registry',
  async up(db) {
    await db.schema
      .createTable('models')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('dataset', 'text', (column) => column.notNull())
      .addColumn('recipe', 'text', (column) => column.notNull())
      .addColumn('policies', 'text', (column) => column.notNull())
      .addColumn('createdAtMs', 'bigint', (column) => column.notNull())
      .execute();
    await db.schema
      .createTable('versionNumbers')
      .addColumn('model', 'text', (column) => column.notNull())
      .addColumn('version', 'integer', (column) => column.notNull())
      .addColumn('run', 'text', (column) => column.notNull().unique())
      .addPrimaryKeyConstraint('versionNumbersKey', ['model', 'version'])
      .execute();
    await db.schema
      .createTable('modelVersions')
      .addColumn('model', 'text', (column) => column.notNull())
      .addColumn('version', 'integer', (column) => column.notNull())
      .addColumn('createdAtMs', 'bigint', (column) => column.notNull())
      .addColumn('document', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('modelVersionsKey', ['model', 'version'])
      .execute();
    await db.schema
      .createTable('registryAudit')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('atMs', 'bigint', (column) => column.notNull())
      .addColumn('caller', 'text', (column) => column.notNull())
      .addColumn('action', 'text', (column) => column.notNull())
      .addColumn('detail', 'text', (column) => column.notNull())
      .execute();
  },
};
