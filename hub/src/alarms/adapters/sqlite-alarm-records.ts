import type { DriftSummary } from '@edgewise/protocol/http';
import type { Database } from '../../store/database.ts';
import type { AlarmRecord, AlarmRecords } from '../alarm-records.ts';
import type { WatchedDevice } from '../watched-device.ts';

/** Verdicts that are kept per device and epoch. */
const keptVerdicts = 20_000;

/** Alarms and monitor states in the hub's store. */
export function createSqliteAlarmRecords(db: Database): AlarmRecords {
  const documents = db.selectFrom('alarms').select('document');
  return {
    async put(record) {
      const { id, model, status, openedAtMs } = record.alarm;
      const change = { status, document: JSON.stringify(record) };
      await db
        .insertInto('alarms')
        .values({ id, model, openedAtMs, ...change })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(change))
        .execute();
    },
    async find(alarm) {
      const row = await documents.where('id', '=', alarm).executeTakeFirst();
      return row && toRecord(row);
    },
    async list(limit) {
      const rows = await documents
        .orderBy('openedAtMs', 'desc')
        .orderBy('id', 'desc')
        .limit(limit)
        .execute();
      return rows.map(toRecord);
    },
    async open() {
      const rows = await documents
        .where('status', 'not in', ['resolved', 'dismissed'])
        .orderBy('openedAtMs')
        .execute();
      return rows.map(toRecord);
    },
    saveWatch: (devices, verdicts) =>
      db.transaction().execute(async (tx) => {
        for (const watched of devices) {
          const document = JSON.stringify(watched);
          await tx
            .insertInto('deviceMonitors')
            .values({ device: watched.device, document })
            .onConflict((conflict) => conflict.column('device').doUpdateSet({ document }))
            .execute();
        }
        for (const { drift, ...position } of verdicts) {
          const document = JSON.stringify(drift);
          await tx
            .insertInto('windowDrift')
            .values({ ...position, document })
            .onConflict((conflict) =>
              conflict.columns(['device', 'epoch', 'sequence']).doUpdateSet({ document }),
            )
            .execute();
        }
        for (const { device, state } of devices) {
          if (state.last === null) continue;
          await tx
            .deleteFrom('windowDrift')
            .where('device', '=', device)
            .where('epoch', '=', state.last.epoch)
            .where('sequence', '<', state.last.sequence - keptVerdicts)
            .execute();
        }
      }),
    async findWatched(device) {
      const row = await db
        .selectFrom('deviceMonitors')
        .select('document')
        .where('device', '=', device)
        .executeTakeFirst();
      return row && (JSON.parse(row.document) as WatchedDevice);
    },
    async forgetWatched(device) {
      await db.deleteFrom('deviceMonitors').where('device', '=', device).execute();
    },
    async findVerdict(device, epoch, sequence) {
      const row = await db
        .selectFrom('windowDrift')
        .select('document')
        .where('device', '=', device)
        .where('epoch', '=', epoch)
        .where('sequence', '=', sequence)
        .executeTakeFirst();
      return row && (JSON.parse(row.document) as DriftSummary);
    },
  };
}

function toRecord({ document }: { document: string }): AlarmRecord {
  return JSON.parse(document) as AlarmRecord;
}
