import type { AlarmTables } from '../alarms/adapters/tables.ts';
import type { ApiTables } from '../api/adapters/tables.ts';
import type { DatasetTables } from '../datasets/adapters/tables.ts';
import type { FleetTables } from '../fleet/adapters/tables.ts';
import type { LabelTables } from '../labels/adapters/tables.ts';
import type { ParityTables } from '../parity/adapters/tables.ts';
import type { PipelineTables } from '../pipeline/adapters/tables.ts';
import type { RegistryTables } from '../registry/adapters/tables.ts';
import type { RolloutTables } from '../rollout/adapters/tables.ts';
import type { SweepTables } from '../sweeps/adapters/tables.ts';
import type { TelemetryTables } from '../telemetry/adapters/tables.ts';

/**
 * Every table of the hub, composed from what each area keeps.
 *
 * The SQL is portable: JSON and unions are text, times are milliseconds in integers, truth values
 * are 0 and 1, bytes are blobs.
 */
export interface Tables
  extends AlarmTables,
    ApiTables,
    DatasetTables,
    FleetTables,
    LabelTables,
    ParityTables,
    PipelineTables,
    RegistryTables,
    RolloutTables,
    SweepTables,
    TelemetryTables {}
