import { FleetError } from '@edgewise/protocol';
import type { TokenRecord, TokenStore } from '../api/tokens.ts';

/** Token records in memory, for tests. */
export function createMemoryTokens(): TokenStore {
  const records = new Map<string, TokenRecord>();
  return {
    insert(record) {
      if (records.has(record.name)) {
        return Promise.reject(new FleetError('conflict', `The name "${record.name}" is taken.`));
      }
      records.set(record.name, record);
      return Promise.resolve();
    },
    list: () => Promise.resolve([...records.values()]),
    findByHash: (hash) =>
      Promise.resolve([...records.values()].find((record) => record.hash === hash)),
    remove: (name) => Promise.resolve(records.delete(name)),
    touch(name, atMs) {
      const record = records.get(name);
      if (record) records.set(name, { ...record, lastUsedAtMs: atMs });
      return Promise.resolve();
    },
  };
}
