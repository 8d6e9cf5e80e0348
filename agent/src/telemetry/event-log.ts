import {
  type DeviceEvent,
  type EventBody,
  encodeMessage,
  type FleetError,
  minutes,
} from '@edgewise/protocol';
import { manifestOf } from '../core/failure.ts';
import type { LoopEvent } from '../core/loop.ts';
import type { DroppedRange, Numbered, Outbox } from '../link/outbox.ts';

/** Writes what happens on the device into its outbox. */
export interface EventLog {
  append(body: EventBody): void;
  /** Tells the hub what the budget dropped. */
  reportDropped(): void;
  /** Does so too, at most once a minute: while little fits, reports must not crowd out the rest. */
  tick(): void;
}

interface EventLogParts {
  readonly outbox: Outbox;
  readonly nowMs: () => number;
  /** There is something to send. */
  readonly onAppended: () => void;
  /** The outbox itself failed, for example because the disk is full. */
  readonly onTrouble: (error: unknown) => void;
}

const reportEveryMs = minutes(1);

/** Builds the event log over an outbox. */
export function createEventLog(parts: EventLogParts): EventLog {
  const { outbox, nowMs, onAppended, onTrouble } = parts;
  const encode = (body: EventBody, at: Numbered): Uint8Array => {
    const event: DeviceEvent = { v: 1, ...at, atMs: nowMs(), body };
    return encodeMessage('event', event);
  };
  const guarded = (work: () => void) => {
    try {
      work();
      onAppended();
    } catch (thrown) {
      onTrouble(thrown);
    }
  };
  let reportedMs = nowMs();
  const reportDropped = () => {
    reportedMs = nowMs();
    guarded(() =>
      outbox.reportDropped((range: DroppedRange, at) => encode({ kind: 'dropped', ...range }, at)),
    );
  };
  return {
    append: (body) => guarded(() => outbox.append('event', (at) => encode(body, at))),
    reportDropped,
    tick() {
      if (nowMs() - reportedMs >= reportEveryMs) reportDropped();
    },
  };
}

/** What the hub is told about a step; nothing about its beginning, which the state shows. */
export function eventOf(event: LoopEvent): EventBody | undefined {
  if (event.kind !== 'done' && event.kind !== 'failed') return undefined;
  const { step, durationMs } = event;
  const facts = { kind: 'step', step: step.name, manifest: manifestOf(step), durationMs } as const;
  if (event.kind === 'done') return { ...facts, outcome: 'done' };
  return { ...facts, outcome: 'failed', ...shortOf(event.error) };
}

/** Code and reason of an error, short enough for a document. */
export function shortOf(error: FleetError): { code: FleetError['code']; detail: string } {
  return { code: error.code, detail: error.reason.slice(0, 500) };
}
