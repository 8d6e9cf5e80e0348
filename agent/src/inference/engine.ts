import { FleetError } from '@edgewise/protocol';
import { type Answer, type Answered, readAnswers, servedOutputs } from './answer.ts';
import { bytesOfItem, feedsOf, type Item } from './items.ts';
import type { OpenSlot } from './open-slot.ts';

interface EngineParts {
  /** A clock for durations, in milliseconds. */
  readonly elapsedMs: () => number;
  /** Told about every answered input, in the order of the answers. */
  readonly onAnswered: (slot: OpenSlot, answered: Answered) => void;
  /** Told after every run, whether it went well or failed. */
  readonly onRun: () => void;
  /** Told when the last answer of a slot that serves no longer was given. */
  readonly onLeft: (slot: OpenSlot) => void;
}

/** How the slot that serves has done since it took over in this process. */
export interface ServingRecord {
  readonly sinceMs: number;
  readonly served: number;
  /** Runs that failed one after another. */
  readonly failuresInRow: number;
  readonly lastFailure: string;
}

/**
 * Runs inputs through whichever slot serves. A swap drops no input: what is under way ends on the
 * old session, which is disposed afterwards; what comes next goes to the new one.
 */
export interface Engine extends AsyncDisposable {
  readonly serving: OpenSlot | undefined;
  readonly record: ServingRecord;
  /** Inputs answered since the process started. */
  readonly served: number;
  swap(next: OpenSlot | undefined): Promise<void>;
  /** Resolves as soon as a slot serves. */
  ready(signal: AbortSignal): Promise<void>;
  /** Rejects with `unavailable` when no slot serves and `invalid-argument` for unusable items. */
  answer(items: readonly Item[], signal?: AbortSignal): Promise<readonly Answer[]>;
}

interface Seat {
  readonly slot: OpenSlot;
  record: ServingRecord;
  underWay: number;
  left?: () => void;
}

/** Inputs of one run: more would only hold memory. */
const mostBatch = 64;

/** Builds an engine without a slot. */
export function createEngine({ elapsedMs, onAnswered, onRun, onLeft }: EngineParts): Engine {
  let seat: Seat | undefined;
  let served = 0;
  let seated = Promise.withResolvers<void>();

  async function run(here: Seat, inputs: readonly Uint8Array[], signal?: AbortSignal) {
    const { manifest, session } = here.slot;
    const outputs = servedOutputs(manifest);
    const beganMs = elapsedMs();
    try {
      const options = { ...(outputs ? { outputs } : {}), ...(signal ? { signal } : {}) };
      const result = await session.run(feedsOf(manifest.inputs, inputs), options);
      const latencyUs = Math.max(1, Math.round((elapsedMs() - beganMs) * 1000));
      const answers = readAnswers(manifest, result, { inputs, latencyUs });
      served += answers.length;
      const soFar = here.record.served + answers.length;
      here.record = { ...here.record, served: soFar, failuresInRow: 0 };
      for (const answered of answers) onAnswered(here.slot, answered);
      return answers.map((answered) => answered.answer);
    } catch (thrown) {
      const error = FleetError.from(thrown);
      if (error.code !== 'canceled') {
        const failuresInRow = here.record.failuresInRow + 1;
        here.record = { ...here.record, failuresInRow, lastFailure: error.reason };
      }
      throw error;
    } finally {
      onRun();
    }
  }

  async function swap(next: OpenSlot | undefined): Promise<void> {
    const last = seat;
    const record = { sinceMs: elapsedMs(), served: 0, failuresInRow: 0, lastFailure: '' };
    seat = next === undefined ? undefined : { slot: next, record, underWay: 0 };
    if (seat === undefined) seated = Promise.withResolvers();
    else seated.resolve();
    if (last === undefined) return;
    if (last.underWay > 0) await new Promise<void>((resolve) => (last.left = resolve));
    onLeft(last.slot);
    await last.slot[Symbol.asyncDispose]();
  }

  return {
    get serving() {
      return seat?.slot;
    },
    get record() {
      return seat?.record ?? { sinceMs: 0, served: 0, failuresInRow: 0, lastFailure: '' };
    },
    get served() {
      return served;
    },
    swap,
    async ready(signal) {
      const aborted = Promise.withResolvers<never>();
      const onAbort = () => aborted.reject(FleetError.from(signal.reason));
      if (signal.aborted) onAbort();
      signal.addEventListener('abort', onAbort);
      try {
        await Promise.race([seated.promise, aborted.promise]);
      } finally {
        signal.removeEventListener('abort', onAbort);
      }
    },
    async answer(items, signal) {
      const here = seat;
      if (here === undefined) throw new FleetError('unavailable', 'No model serves yet.');
      const { inputs } = here.slot.manifest;
      const bytes = items.map((item, index) => bytesOfItem(inputs, item, { index }));
      here.underWay++;
      try {
        const answers: Answer[] = [];
        for (let at = 0; at < bytes.length; at += mostBatch) {
          answers.push(...(await run(here, bytes.slice(at, at + mostBatch), signal)));
        }
        return answers;
      } finally {
        if (--here.underWay === 0) here.left?.();
      }
    },
    [Symbol.asyncDispose]: () => swap(undefined),
  };
}
