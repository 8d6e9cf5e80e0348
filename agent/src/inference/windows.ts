import {
  createWindowCounter,
  type WindowCounter,
  type WindowCounts,
} from '@edgewise/models/profile';
import { encodeMessage } from '@edgewise/protocol';
import type { Outbox } from '../link/outbox.ts';
import type { Answered } from './answer.ts';
import type { OpenSlot } from './open-slot.ts';

interface WindowsParts {
  readonly outbox: Outbox;
  readonly nowMs: () => number;
  /** There is something to send. */
  readonly onAppended: () => void;
  /** A window could not be kept, for example because the disk is full. */
  readonly onTrouble: (error: unknown) => void;
}

/** Counts answers into windows, one counter per slot, and keeps what closes in the outbox. */
export interface Windows {
  add(slot: OpenSlot, answered: Answered): void;
  /** Closes windows of quiet sources; called about once a second. */
  tick(): void;
  /** The slot serves no longer: its open window is closed. */
  leave(slot: OpenSlot): void;
}

/** Builds the counters. Slots without a profile have no windows. */
export function createWindows(parts: WindowsParts): Windows {
  const counters = new Map<OpenSlot, WindowCounter>();

  function keep(window: WindowCounts | undefined): void {
    if (window === undefined) return;
    try {
      parts.outbox.append('window', (at) => encodeMessage('window', { ...window, ...at }));
      parts.onAppended();
    } catch (thrown) {
      parts.onTrouble(thrown);
    }
  }

  function counterOf(slot: OpenSlot): WindowCounter | undefined {
    const known = counters.get(slot);
    if (known !== undefined || slot.profile === undefined) return known;
    const counter = createWindowCounter(slot.profile, slot.manifest.window);
    counters.set(slot, counter);
    return counter;
  }

  return {
    add(slot, { answer, profile }) {
      const { class: kind, confidence, latencyUs } = answer;
      const counted = { features: profile, class: kind, confidence, latencyUs };
      keep(counterOf(slot)?.add({ ...counted, nowMs: parts.nowMs() }));
    },
    tick() {
      for (const counter of counters.values()) keep(counter.tick(parts.nowMs()));
    },
    leave(slot) {
      keep(counters.get(slot)?.flush(parts.nowMs()));
      counters.delete(slot);
    },
  };
}
