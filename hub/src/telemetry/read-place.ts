import type { OutboxClass } from '@edgewise/protocol';

/** Where a message stands in its outbox. */
interface Place {
  readonly epoch: number;
  readonly sequence: number;
}

/**
 * The place of a message that cannot be read as a whole: every layout of a window begins with a
 * version byte, epoch and sequence, and every event names them. `undefined` where even that fails.
 */
export function readPlace(kind: OutboxClass, body: Uint8Array): Place | undefined {
  return kind === 'window' ? windowPlace(body) : eventPlace(body);
}

function windowPlace(body: Uint8Array): Place | undefined {
  const epoch = varintAt(body, 1);
  const sequence = epoch && varintAt(body, epoch.end);
  return epoch && sequence && { epoch: epoch.value, sequence: sequence.value };
}

function varintAt(
  body: Uint8Array,
  start: number,
): { readonly value: number; readonly end: number } | undefined {
  let value = 0;
  for (let index = 0; index < 8; index++) {
    const byte = body[start + index];
    if (byte === undefined) return undefined;
    value += (byte & 127) * 128 ** index;
    if (byte < 128)
      return Number.isSafeInteger(value) ? { value, end: start + index + 1 } : undefined;
  }
  return undefined;
}

function eventPlace(body: Uint8Array): Place | undefined {
  try {
    const { epoch, sequence } = JSON.parse(new TextDecoder().decode(body)) as Record<
      string,
      unknown
    >;
    const isNumber = (value: unknown): value is number =>
      Number.isSafeInteger(value) && Number(value) >= 0;
    return isNumber(epoch) && isNumber(sequence) ? { epoch, sequence } : undefined;
  } catch {
    // Not even JSON: nothing in it says where it stands.
    return undefined;
  }
}
