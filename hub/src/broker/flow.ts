import type { Duplex } from 'node:stream';
import { seconds } from '@edgewise/protocol';

/** How far behind one client is. */
interface Backlog {
  /** Bytes that its connection has not taken yet. */
  readonly unreadBytes: number;
  readonly mostBytes: number;
  /** Since when something has been waiting; 0 when everything was taken. */
  readonly behindMs: number;
  /** Blocks were withheld since it last caught up. */
  readonly shedding: boolean;
}

/** What to do with the next packet for a client, and whether blocks are withheld from now on. */
export interface FlowVerdict {
  readonly action: 'forward' | 'withhold' | 'close';
  readonly shedding: boolean;
}

/** A client that never catches up in this time does not read. */
const stuckMs = seconds(20);

/**
 * Keeps one slow reader from holding memory, or the others up. Blocks are withheld from half the
 * limit until the client has caught up, because a device asks for missing blocks again; other packets
 * are few, so a client that leaves too many of them unread is closed.
 */
export function judgeFlow(kind: 'block' | 'other', backlog: Backlog): FlowVerdict {
  const { unreadBytes, mostBytes, behindMs } = backlog;
  if (unreadBytes > mostBytes || behindMs > stuckMs) return { action: 'close', shedding: true };
  const shedding = behindMs > 0 && (backlog.shedding || unreadBytes > mostBytes / 2);
  return { action: kind === 'block' && shedding ? 'withhold' : 'forward', shedding };
}

/**
 * Makes every write to a connection look taken. The broker would else hold back the publisher, that
 * is the hub, until the slowest reader has caught up; `judgeFlow` bounds what waits instead.
 */
export function neverHoldBack(connection: Duplex): void {
  const write = connection.write.bind(connection);
  connection.write = ((...args: Parameters<typeof write>) => {
    write(...args);
    return true;
  }) as typeof connection.write;
}
