import type { DeviceClass, DeviceState, SignedEnvelope, Target } from '@edgewise/protocol';
import type { Insertable, Selectable, Updateable } from 'kysely';
import type { Database, Queries } from '../../store/database.ts';
import type { GroupCommit } from '../../store/group-commit.ts';
import type { DeviceBooks, DeviceChange, Devices, StoredDevice, StoredToken } from '../devices.ts';
import type { PresenceRecord } from '../presence.ts';
import type { FleetTables } from './tables.ts';

/** Devices in the relational store. */
export function createSqlDevices(db: Database, commits: GroupCommit): Devices {
  return {
    async list() {
      const rows = await db.selectFrom('devices').selectAll().orderBy('id').execute();
      return rows.map(readDevice);
    },
    find: (device) => find(db, device),
    async findKey(device) {
      const row = await db
        .selectFrom('devices')
        .select(['publicKey', 'revokedAtMs'])
        .where('id', '=', device)
        .executeTakeFirst();
      return row && { publicKey: row.publicKey, revoked: row.revokedAtMs !== null };
    },
    async findTarget(device) {
      const row = await db
        .selectFrom('devices')
        .select('target')
        .where('id', '=', device)
        .executeTakeFirst();
      return parse<Target>(row?.target ?? null);
    },
    write: (work) => commits.write((tx) => work(booksOf(tx))),
  };
}

function booksOf(tx: Queries): DeviceBooks {
  return {
    find: (device) => find(tx, device),
    async findByKey(publicKey) {
      const row = await tx
        .selectFrom('devices')
        .selectAll()
        .where('publicKey', '=', publicKey)
        .executeTakeFirst();
      return row && readDevice(row);
    },
    async insert(device) {
      const { id, ...rest } = device;
      const row = { id, ...writeChange(rest) } as Insertable<FleetTables['devices']>;
      await tx.insertInto('devices').values(row).execute();
    },
    async change(device, change) {
      const row = writeChange(change);
      await tx.updateTable('devices').set(row).where('id', '=', device).execute();
    },
    async findToken(hash) {
      const row = await tx
        .selectFrom('enrolmentTokens')
        .selectAll()
        .where('hash', '=', hash)
        .executeTakeFirst();
      return row && readToken(row);
    },
    async putToken(token) {
      const row = { ...token, publicKey: token.publicKey ?? null, device: token.device ?? null };
      await tx
        .insertInto('enrolmentTokens')
        .values(row)
        .onConflict((conflict) => conflict.column('hash').doUpdateSet(row))
        .execute();
    },
  };
}

async function find(queries: Queries, device: string): Promise<StoredDevice | undefined> {
  const row = await queries
    .selectFrom('devices')
    .selectAll()
    .where('id', '=', device)
    .executeTakeFirst();
  return row && readDevice(row);
}

function readDevice(row: Selectable<FleetTables['devices']>): StoredDevice {
  const { presence, presenceSinceMs, instance, session, ...rest } = row;
  return {
    ...rest,
    deviceClass: row.deviceClass as DeviceClass,
    revokedAtMs: row.revokedAtMs ?? undefined,
    clonedAtMs: row.clonedAtMs ?? undefined,
    presence: {
      status: presence as PresenceRecord['status'],
      sinceMs: presenceSinceMs,
      instance: instance ?? undefined,
      session,
    },
    state: parse<DeviceState>(row.state),
    target: parse<Target>(row.target),
    envelope: parse<SignedEnvelope>(row.envelope),
  };
}

function readToken(row: Selectable<FleetTables['enrolmentTokens']>): StoredToken {
  return { ...row, publicKey: row.publicKey ?? undefined, device: row.device ?? undefined };
}

function writeChange(change: DeviceChange): Updateable<FleetTables['devices']> {
  const { presence, state, target, envelope, revokedAtMs, clonedAtMs, ...rest } = change;
  return {
    ...rest,
    ...('revokedAtMs' in change && { revokedAtMs: revokedAtMs ?? null }),
    ...('clonedAtMs' in change && { clonedAtMs: clonedAtMs ?? null }),
    ...('state' in change && { state: print(state) }),
    ...('target' in change && { target: print(target) }),
    ...('envelope' in change && { envelope: print(envelope) }),
    ...(presence && {
      presence: presence.status,
      presenceSinceMs: presence.sinceMs,
      instance: presence.instance ?? null,
      session: presence.session,
    }),
  };
}

/** What the hub wrote itself, it trusts. */
function parse<T>(text: string | null): T | undefined {
  return text === null ? undefined : (JSON.parse(text) as T);
}

function print(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}
