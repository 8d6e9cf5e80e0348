import { FleetError } from '@edgewise/protocol';
import type { Database } from '../../store/database.ts';
import { isDuplicate } from '../../store/store-error.ts';
import type { TokenStore } from '../tokens.ts';

/** Token records in the hub's store. */
export function createStoredTokens(db: Database): TokenStore {
  return {
    async insert(record) {
      try {
        await db.insertInto('apiTokens').values(record).execute();
      } catch (cause) {
        if (!isDuplicate(cause)) throw cause;
        throw new FleetError('conflict', `The name "${record.name}" is taken.`, { cause });
      }
    },
    async list() {
      return await db.selectFrom('apiTokens').selectAll().orderBy('createdAtMs', 'desc').execute();
    },
    async findByHash(hash) {
      return await db
        .selectFrom('apiTokens')
        .selectAll()
        .where('hash', '=', hash)
        .executeTakeFirst();
    },
    async remove(name) {
      const { numDeletedRows } = await db
        .deleteFrom('apiTokens')
        .where('name', '=', name)
        .executeTakeFirstOrThrow();
      return numDeletedRows > 0n;
    },
    async touch(name, atMs) {
      await db
        .updateTable('apiTokens')
        .set({ lastUsedAtMs: atMs })
        .where('name', '=', name)
        .execute();
    },
  };
}
