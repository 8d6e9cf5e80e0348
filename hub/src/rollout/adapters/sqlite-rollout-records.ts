import type { Database } from '../../store/database.ts';
import type { RolloutRecord, RolloutRecords } from '../rollout-records.ts';

/** Rollouts in the hub's store. */
export function createSqliteRolloutRecords(db: Database): RolloutRecords {
  const documents = db.selectFrom('rollouts').select('document');
  return {
    async put(record) {
      const { id, model, createdAtMs } = record.rollout;
      const change = { status: statusOf(record), document: JSON.stringify(record) };
      await db
        .insertInto('rollouts')
        .values({ id, model, createdAtMs, ...change })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(change))
        .execute();
    },
    async find(rollout) {
      const row = await documents.where('id', '=', rollout).executeTakeFirst();
      return row && toRecord(row);
    },
    async list({ limit, model }) {
      const query = model === undefined ? documents : documents.where('model', '=', model);
      const rows = await query
        .orderBy('createdAtMs', 'desc')
        .orderBy('id', 'desc')
        .limit(limit)
        .execute();
      return rows.map(toRecord);
    },
    async open() {
      const rows = await documents
        .where('status', 'in', ['running', 'converging'])
        .orderBy('createdAtMs')
        .execute();
      return rows.map(toRecord);
    },
  };
}

/** `converging`: done, but devices that were away still have to follow. */
function statusOf({ rollout }: RolloutRecord): string {
  const isPending = rollout.devices.some(({ status }) => status === 'ordered');
  return rollout.status === 'done' && isPending ? 'converging' : rollout.status;
}

function toRecord({ document }: { document: string }): RolloutRecord {
  return JSON.parse(document) as RolloutRecord;
}
