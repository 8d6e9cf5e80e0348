import type { ModelPolicies, Variant } from '@edgewise/protocol/http';
import type { Database } from '../../store/database.ts';
import { defaultPolicies } from '../policies.ts';
import type {
  AuditEntry,
  ModelRecord,
  RegistryRecords,
  VersionRecord,
} from '../registry-records.ts';
import type { RegistryTables } from './tables.ts';

/** Models and versions in the hub's store. */
export function createSqliteRegistryRecords(db: Database): RegistryRecords {
  const versions = db.selectFrom('modelVersions').select('document');
  return {
    async models() {
      const rows = await db
        .selectFrom('models')
        .selectAll()
        .orderBy('createdAtMs', 'desc')
        .execute();
      return rows.map(toModel);
    },
    async findModel(model) {
      const row = await db
        .selectFrom('models')
        .selectAll()
        .where('id', '=', model)
        .executeTakeFirst();
      return row && toModel(row);
    },
    async putModel({ policies, ...model }) {
      const row = { ...model, policies: JSON.stringify(policies) };
      await db
        .insertInto('models')
        .values(row)
        .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
        .execute();
    },
    reserveVersion: (model, run) =>
      db.transaction().execute(async (tx) => {
        const known = await tx
          .selectFrom('versionNumbers')
          .select('version')
          .where('run', '=', run)
          .executeTakeFirst();
        if (known !== undefined) return known.version;
        const reserved = await tx
          .selectFrom('versionNumbers')
          .select(({ fn }) => fn.max('version').as('version'))
          .where('model', '=', model)
          .executeTakeFirst();
        const added = await tx
          .selectFrom('modelVersions')
          .select(({ fn }) => fn.max('version').as('version'))
          .where('model', '=', model)
          .executeTakeFirst();
        const version = Math.max(reserved?.version ?? 0, added?.version ?? 0) + 1;
        await tx.insertInto('versionNumbers').values({ model, version, run }).execute();
        return version;
      }),
    async versions(model) {
      const rows = await versions.where('model', '=', model).orderBy('version', 'desc').execute();
      return rows.map(toVersion);
    },
    async findVersion(model, version) {
      const row = await versions
        .where('model', '=', model)
        .where('version', '=', version)
        .executeTakeFirst();
      return row && toVersion(row);
    },
    putVersion: (version, audit) =>
      db.transaction().execute(async (tx) => {
        const { model, createdAtMs } = version;
        const document = JSON.stringify(version);
        await tx
          .insertInto('modelVersions')
          .values({ model, version: version.version, createdAtMs, document })
          .onConflict((conflict) =>
            conflict.columns(['model', 'version']).doUpdateSet({ document }),
          )
          .execute();
        if (audit === undefined) return;
        await tx
          .insertInto('registryAudit')
          .values({ ...audit, detail: JSON.stringify(audit.detail) })
          .execute();
      }),
    async audit() {
      const rows = await db
        .selectFrom('registryAudit')
        .selectAll()
        .orderBy('atMs', 'desc')
        .execute();
      return rows.map((row) => ({
        ...row,
        detail: JSON.parse(row.detail) as AuditEntry['detail'],
      }));
    },
  };
}

function toModel(row: RegistryTables['models']): ModelRecord {
  // Policies that came later have their default until somebody sets them.
  const policies = JSON.parse(row.policies) as Partial<ModelPolicies>;
  return { ...row, policies: { ...defaultPolicies, ...policies } };
}

function toVersion({ document }: { document: string }): VersionRecord {
  const version = JSON.parse(document) as VersionRecord;
  return { ...version, variants: version.variants.map(withReason) };
}

/** Variants of before it was written down have neither scheme nor reason. */
function withReason(variant: Partial<Pick<Variant, 'scheme' | 'reason'>> & Variant): Variant {
  return { ...variant, scheme: variant.scheme ?? null, reason: variant.reason ?? null };
}
