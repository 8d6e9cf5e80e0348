import {
  type Command,
  FleetError,
  readCommand,
  readTarget,
  SignedEnvelope,
  type Target,
} from '@edgewise/protocol';
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { type Addressee, isFor, type Judgement, judgeCommand, judgeOrder } from '../core/orders.ts';
import type { Trust } from '../core/trust.ts';
import { type Disk, writeDurably } from '../slots/disk.ts';

/** What is kept of orders: the target as it was signed, and how far commands have come. */
const BookRecord = Type.Object({
  v: Type.Literal(1),
  target: Type.Optional(SignedEnvelope),
  commandGeneration: Type.Integer({ minimum: 0 }),
});
type BookRecord = Static<typeof BookRecord>;

const check = Compile(BookRecord);
const path = 'orders.json';

/** An order that was accepted, or why nothing is done about it. */
export type Received<T> =
  | { readonly verdict: 'accept'; readonly order: T }
  | Exclude<Judgement, { verdict: 'accept' }>;

interface OrderBookParts {
  readonly disk: Disk;
  readonly trust: Trust;
  readonly addressee: Addressee;
  readonly nowMs: () => number;
}

/**
 * The orders a device follows. Invariants: an order is durable before it is acted upon, so a restart
 * never goes back to an older one; a target is verified again each time it is read from the disk.
 */
export interface OrderBook {
  /** The newest accepted target. */
  readonly target: Target | undefined;
  /** Of the newest accepted command; 0 before the first. */
  readonly commandGeneration: number;
  /** Rejects with `signature-invalid`, `malformed` or `newer-version`. */
  receiveTarget(envelope: SignedEnvelope): Promise<Received<Target>>;
  /** Rejects with `signature-invalid`, `malformed` or `newer-version`. */
  receiveCommand(envelope: SignedEnvelope): Promise<Received<Command>>;
}

/** Opens the order book of a disk. */
export async function openOrderBook(parts: OrderBookParts): Promise<OrderBook> {
  const { disk, trust, addressee } = parts;
  let record = await readRecord(disk);
  let target = record.target && (await reopen(parts, record.target));

  async function keep(next: BookRecord): Promise<void> {
    await writeDurably(disk, path, new TextEncoder().encode(JSON.stringify(next)));
    record = next;
  }

  return {
    get target() {
      return target;
    },
    get commandGeneration() {
      return record.commandGeneration;
    },
    async receiveTarget(envelope) {
      const order = readTarget(await trust.openEnvelope(envelope, 'target'));
      const judgement = judgeOrder(order, addressee, { followed: target?.generation ?? 0 });
      if (judgement.verdict !== 'accept') return judgement;
      await keep({ ...record, target: envelope });
      target = order;
      return { verdict: 'accept', order };
    },
    async receiveCommand(envelope) {
      const order = readCommand(await trust.openEnvelope(envelope, 'command'));
      const followed = record.commandGeneration;
      const judgement = judgeCommand(order, addressee, { followed, nowMs: parts.nowMs() });
      if (judgement.verdict !== 'accept') return judgement;
      await keep({ ...record, commandGeneration: order.generation });
      return { verdict: 'accept', order };
    },
  };
}

async function readRecord(disk: Disk): Promise<BookRecord> {
  const bytes = await disk.read(path);
  const value: unknown = bytes && parse(bytes);
  return check.Check(value) ? value : { v: 1, commandGeneration: 0 };
}

async function reopen(
  parts: OrderBookParts,
  envelope: SignedEnvelope,
): Promise<Target | undefined> {
  try {
    const order = readTarget(await parts.trust.openEnvelope(envelope, 'target'));
    // A folder that was copied or enrolled anew may hold what another device was told.
    return isFor(order, parts.addressee) ? order : undefined;
  } catch (thrown) {
    // Written by hand or by a damaged medium: the hub sends the target again at the next connect.
    if (FleetError.from(thrown).code === 'internal') throw thrown;
    return undefined;
  }
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    // As an unreadable record: no order was followed yet.
    return undefined;
  }
}
