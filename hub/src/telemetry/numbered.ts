import {
  type DeviceEvent,
  decodeWindow,
  FleetError,
  type OutboxClass,
  type PackedWindow,
} from '@edgewise/protocol';

/** Where a message stands in its outbox, as far as its bytes tell. */
export interface Position {
  readonly epoch: number;
  readonly sequence: number;
}

/**
 * Reads epoch and sequence number of a message that cannot be read as a whole: a newer layout keeps
 * them in front. `undefined` when there is nothing to trust.
 */
export function guessPosition(kind: OutboxClass, bytes: Uint8Array): Position | undefined {
  return kind === 'window' ? positionOfWindow(bytes) : positionOfEvent(bytes);
}

function positionOfWindow(bytes: Uint8Array): Position | undefined {
  const epoch = readVarint(bytes, 1);
  const sequence = epoch && readVarint(bytes, epoch.next);
  if (!epoch || !sequence || sequence.value < 1) return undefined;
  return { epoch: epoch.value, sequence: sequence.value };
}

/** An unsigned LEB128 number up to 2^53 - 1. */
function readVarint(
  bytes: Uint8Array,
  at: number,
): { readonly value: number; readonly next: number } | undefined {
  let value = 0;
  for (let index = 0; index < 8; index++) {
    const byte = bytes[at + index];
    if (byte === undefined) return undefined;
    value += (byte & 127) * 128 ** index;
    if (byte < 128) {
      return Number.isSafeInteger(value) ? { value, next: at + index + 1 } : undefined;
    }
  }
  return undefined;
}

function positionOfEvent(bytes: Uint8Array): Position | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    const { epoch, sequence } = value as Partial<DeviceEvent>;
    const isPosition = Number.isSafeInteger(epoch) && Number.isSafeInteger(sequence);
    if (!isPosition || epoch === undefined || sequence === undefined) return undefined;
    return epoch >= 0 && sequence >= 1 ? { epoch, sequence } : undefined;
  } catch {
    // It has no position that could be read, so none is covered.
    return undefined;
  }
}

/** A window that the hub wrote itself. */
export function readStoredWindow(body: Uint8Array): PackedWindow {
  try {
    return decodeWindow(body);
  } catch (cause) {
    throw new FleetError('internal', 'A stored window cannot be read.', { cause });
  }
}
