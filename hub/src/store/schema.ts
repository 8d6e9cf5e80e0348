import type { ApiTables } from '../api/adapters/tables.ts';
import type { FleetTables } from '../fleet/adapters/tables.ts';
import type { TelemetryTables } from '../telemetry/adapters/tables.ts';

/**
 * Every table of the hub, composed from what each area keeps.
 *
 * The SQL is portable: JSON and unions are text, times are milliseconds in integers, truth values
 * are 0 and 1, bytes are blobs.
 */
export interface Tables extends ApiTables, FleetTables, TelemetryTables {}
