import { type Code, limits } from '@edgewise/protocol';

/** Whom orders must be written for. */
export interface Addressee {
  readonly fleet: string;
  readonly device: string;
}

/** What every signed order binds. */
export interface Order extends Addressee {
  readonly generation: number;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
}

/** Whether an order was written for this device. */
export function isFor(order: Addressee, addressee: Addressee): boolean {
  return order.fleet === addressee.fleet && order.device === addressee.device;
}

/** What is done with an order, and why not. */
export type Judgement =
  | { readonly verdict: 'accept' }
  /** The order that is already followed came again. */
  | { readonly verdict: 'repeat' }
  | { readonly verdict: 'refuse'; readonly code: Code; readonly detail: string };

/**
 * Judges an order whose signature is good. Generation only rises. The expiry of a target is left to
 * the planner, because an old target must still be known, only not acted upon.
 */
export function judgeOrder(
  order: Order,
  addressee: Addressee,
  options: { readonly followed: number },
): Judgement {
  if (!isFor(order, addressee)) {
    const detail = `It is for ${order.fleet}/${order.device}, not ${addressee.fleet}/${addressee.device}.`;
    return { verdict: 'refuse', code: 'wrong-audience', detail };
  }
  if (order.generation === options.followed) return { verdict: 'repeat' };
  if (order.generation < options.followed) {
    const detail = `It has generation ${order.generation}, ${options.followed} was followed already.`;
    return { verdict: 'refuse', code: 'generation-stale', detail };
  }
  return { verdict: 'accept' };
}

/** Judges a command: as any order, and it must be fresh, since it is carried out at once. */
export function judgeCommand(
  order: Order,
  addressee: Addressee,
  options: { readonly followed: number; readonly nowMs: number },
): Judgement {
  const judgement = judgeOrder(order, addressee, options);
  if (judgement.verdict !== 'accept') return judgement;
  if (options.nowMs > order.expiresAtMs + limits.clockSkewMs) {
    return { verdict: 'refuse', code: 'expired', detail: 'The command came too late.' };
  }
  return judgement;
}
