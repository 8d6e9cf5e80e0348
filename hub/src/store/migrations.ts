import { apiMigration } from '../api/adapters/tables.ts';
import { fleetMigration } from '../fleet/adapters/tables.ts';
import { telemetryMigration } from '../telemetry/adapters/tables.ts';
import type { SchemaMigration } from './migration.ts';

/** The history of the schema: each area adds its own steps. */
export const migrations: readonly SchemaMigration[] = [
  apiMigration,
  fleetMigration,
  telemetryMigration,
];
