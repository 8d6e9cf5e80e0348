import { encodeWindow } from '@edgewise/protocol';
import type { Database, Queries } from '../../store/database.ts';
import type { GroupCommit } from '../../store/group-commit.ts';
import { mergeWindows } from '../merge-windows.ts';
import { readStoredWindow } from '../numbered.ts';
import { type RetentionStore, type Rollup, type RollupSpan, rollUp } from '../retention.ts';

/** Thins telemetry out in the relational store. */
export function createSqliteRetention(db: Database, commits: GroupCommit): RetentionStore {
  return {
    rollUpWindows: (beforeMs, most) =>
      commits.write(async (tx) => {
        const rows = await tx
          .selectFrom('windows')
          .selectAll()
          .where('receivedAtMs', '<', beforeMs)
          .orderBy('receivedAtMs')
          .limit(most)
          .execute();
        const parts = rows.map(({ device, startMs, body }) => {
          return { device, startMs, windows: 1, sum: readStoredWindow(body) };
        });
        for (const rollup of rollUp(parts, 'hour')) await addRollup(tx, rollup);
        for (const { device, epoch, sequence } of rows) {
          await tx
            .deleteFrom('windows')
            .where('device', '=', device)
            .where('epoch', '=', epoch)
            .where('sequence', '=', sequence)
            .execute();
        }
        return rows.length;
      }),
    rollUpHours: (beforeMs, most) =>
      commits.write(async (tx) => {
        const rows = await tx
          .selectFrom('rollups')
          .selectAll()
          .where('span', '=', 'hour')
          .where('startMs', '<', beforeMs)
          .orderBy('startMs')
          .limit(most)
          .execute();
        const parts = rows.map(({ device, startMs, windows, body }) => {
          return { device, startMs, windows, sum: readStoredWindow(body) };
        });
        for (const rollup of rollUp(parts, 'day')) await addRollup(tx, rollup);
        for (const row of rows) await removeRollup(tx, { ...row, span: 'hour' });
        return rows.length;
      }),
    async forgetEvents(beforeMs) {
      await db.deleteFrom('events').where('receivedAtMs', '<', beforeMs).execute();
    },
    async forgetQuarantine(beforeMs) {
      await db.deleteFrom('quarantine').where('receivedAtMs', '<', beforeMs).execute();
    },
  };
}

interface RollupKey {
  readonly device: string;
  readonly span: RollupSpan;
  readonly startMs: number;
  readonly bins: string;
  readonly reference: string;
}

/** Adds to the roll-up that is there: windows that come late are merged late. */
async function addRollup(tx: Queries, rollup: Rollup): Promise<void> {
  const { device, span, startMs, windows, sum } = rollup;
  const key = { device, span, startMs, bins: sum.bins, reference: sum.reference };
  const present = await tx
    .selectFrom('rollups')
    .select(['windows', 'body'])
    .where('device', '=', device)
    .where('span', '=', span)
    .where('startMs', '=', startMs)
    .where('bins', '=', key.bins)
    .where('reference', '=', key.reference)
    .executeTakeFirst();
  const total = present ? mergeWindows([readStoredWindow(present.body), sum]) : sum;
  await removeRollup(tx, key);
  await tx
    .insertInto('rollups')
    .values({ ...key, windows: windows + (present?.windows ?? 0), body: encodeWindow(total) })
    .execute();
}

async function removeRollup(tx: Queries, key: RollupKey): Promise<void> {
  await tx
    .deleteFrom('rollups')
    .where('device', '=', key.device)
    .where('span', '=', key.span)
    .where('startMs', '=', key.startMs)
    .where('bins', '=', key.bins)
    .where('reference', '=', key.reference)
    .execute();
}
