import { alarmMigration } from '../alarms/adapters/tables.ts';
import { apiMigration } from '../api/adapters/tables.ts';
import { datasetMigration } from '../datasets/adapters/tables.ts';
import { fleetMigration } from '../fleet/adapters/tables.ts';
import { labelMigration } from '../labels/adapters/tables.ts';
import { parityMigration } from '../parity/adapters/tables.ts';
import { pipelineMigration } from '../pipeline/adapters/tables.ts';
import { registryMigration } from '../registry/adapters/tables.ts';
import { rolloutMigration } from '../rollout/adapters/tables.ts';
import { sweepMigration } from '../sweeps/adapters/tables.ts';
import { telemetryMigration } from '../telemetry/adapters/tables.ts';
import type { SchemaMigration } from './migration.ts';

/** The history of the schema: each area adds its own steps. */
export const migrations: readonly SchemaMigration[] = [
  alarmMigration,
  apiMigration,
  datasetMigration,
  fleetMigration,
  labelMigration,
  parityMigration,
  pipelineMigration,
  registryMigration,
  rolloutMigration,
  sweepMigration,
  telemetryMigration,
];
