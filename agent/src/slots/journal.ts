import { Refusal, SlotReport } from '@edgewise/protocol';
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { emptyRoles, type Roles } from '../core/slot.ts';
import { type Disk, writeDurably } from './disk.ts';

const SlotRecord = Type.Intersect([
  SlotReport,
  Type.Object({ attempts: Type.Integer({ minimum: 0 }) }),
]);

/** The one small file that decides what serves after a restart. */
const JournalRecord = Type.Object({
  v: Type.Literal(1),
  active: Type.Optional(SlotRecord),
  candidate: Type.Optional(SlotRecord),
  fallback: Type.Optional(SlotRecord),
  refusals: Type.Array(Refusal),
});
type JournalRecord = Static<typeof JournalRecord>;

const check = Compile(JournalRecord);
const path = 'slots.json';

/** Reads the journal; an absent or unreadable one means that no bundle is installed. */
export async function readJournal(disk: Disk): Promise<Roles> {
  const bytes = await disk.read(path);
  if (bytes === undefined) return emptyRoles;
  const value = parse(bytes);
  if (!check.Check(value)) return emptyRoles;
  const { v: _version, ...roles } = value;
  return roles;
}

/** Replaces the journal durably. */
export async function writeJournal(disk: Disk, roles: Roles): Promise<void> {
  const record: JournalRecord = { v: 1, ...roles, refusals: [...roles.refusals] };
  await writeDurably(disk, path, new TextEncoder().encode(JSON.stringify(record)));
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    // Only a damaged medium can do this; the bundle is fetched again.
    return undefined;
  }
}
