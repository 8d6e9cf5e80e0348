import type { Database } from '../../store/database.ts';
import type { ParityRecord, ParityRecords } from '../parity-records.ts';

/** Certificates in the hub's store. */
export function createSqliteParityRecords(db: Database): ParityRecords {
  return {
    async put(record) {
      const { device, manifest, atMs } = record;
      const change = { atMs, document: JSON.stringify(record) };
      await db
        .insertInto('parityCertificates')
        .values({ device, manifest, ...change })
        .onConflict((conflict) => conflict.columns(['manifest', 'device']).doUpdateSet(change))
        .execute();
    },
    async of(manifests) {
      if (manifests.length === 0) return [];
      const rows = await db
        .selectFrom('parityCertificates')
        .select('document')
        .where('manifest', 'in', manifests)
        .orderBy('device')
        .execute();
      return rows.map(({ document }) => JSON.parse(document) as ParityRecord);
    },
  };
}
