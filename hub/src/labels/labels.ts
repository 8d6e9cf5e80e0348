import { elementCount } from '@edgewise/models/tensor';
import { FleetError } from '@edgewise/protocol';
import type { FieldSample, ModelInfo } from '@edgewise/protocol/http';
import type { Clock } from '../clock.ts';
import type { Live } from '../live.ts';
import { createSignal, type Signal } from '../signal.ts';
import type { BlobStore } from '../store/blobs.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { chooseUse } from './choose-use.ts';
import type { AlarmLabels, FieldSampleRecord, FieldSampleRecords } from './field-sample-records.ts';
import { createIntake, type OfferedSample } from './intake.ts';

/** An alarm's labels, and its samples that need no more waiting for. */
export interface AlarmProgress extends AlarmLabels {
  /** Offers of this process's life that were stored, known already, or given up. */
  readonly handled: number;
}

/** Samples that devices have offered, on their way to a label. */
export interface Labels extends AsyncDisposable {
  /** Oldest first; by default those that wait. */
  queue(options: {
    readonly limit: number;
    readonly model?: string;
    readonly status?: FieldSample['status'];
  }): Promise<readonly FieldSample[]>;
  /** Rejects with `not-found`. */
  get(sample: string): Promise<FieldSample>;
  /** The input as the device sent it. */
  content(sample: string): Promise<Uint8Array>;
  /** Durable when it resolves; `null` skips. Rejects with `invalid-argument` for a class there is not. */
  label(sample: string, label: number | null, caller: string): Promise<FieldSample>;
  /** Takes a label or a skip back. */
  unlabel(sample: string): Promise<FieldSample>;
  /** Samples that wait for an answer. */
  countWaiting(): Promise<number>;
  /** What an alarm has got so far. */
  ofAlarm(alarm: string): Promise<AlarmProgress>;
  /** Fetches an offer that was made while nobody listened. */
  fetch(offered: OfferedSample, alarm: string | null): Promise<void>;
  /** A sample that came, or was answered. */
  readonly changed: Signal<FieldSample>;
}

interface LabelOptions {
  readonly records: FieldSampleRecords;
  readonly blobs: BlobStore;
  readonly telemetry: Telemetry;
  /** Rejects with `not-found`. */
  readonly model: (model: string) => Promise<ModelInfo>;
  /** Sizes and type of a model's inputs. */
  readonly inputOf: (
    model: string,
  ) => Promise<{ readonly dims: readonly number[]; readonly dtype: string }>;
  readonly clock: Clock;
  readonly live: Live;
  readonly onError: (thrown: unknown) => void;
}

/** Which alarm an offer belongs to; `undefined` leaves it at the device. */
export type OfferJudge = (
  offered: OfferedSample,
) => Promise<{ readonly alarm: string | null } | undefined>;

/** The label queue of one hub. */
export function createLabels(options: LabelOptions): Labels & { listen(judge: OfferJudge): void } {
  const { records, blobs, telemetry, clock, live } = options;
  const changed = createSignal<FieldSample>(options.onError);
  const alarms = new Map<string, string | null>();
  const handled = new Map<string, number>();
  const { onError } = options;
  const intake = createIntake({ telemetry, clock, store, onSettled, onError });
  let unsubscribe = (): void => undefined;
  let counting: Promise<unknown> = Promise.resolve();

  async function store({ device, atMs, offer }: OfferedSample, bytes: Uint8Array): Promise<void> {
    const { dims, dtype } = await options.inputOf(offer.model);
    assertSize(bytes, { dims, dtype });
    await blobs.put(bytes);
    const record: FieldSampleRecord = {
      ...{ sample: offer.sample, device, model: offer.model, version: offer.version, atMs },
      ...{ reason: offer.reason, predicted: offer.predicted, confidence: offer.confidence },
      ...{ alarm: alarms.get(offer.sample) ?? null, dims: [...dims], dtype },
      ...{ status: 'waiting', label: null, use: 'train', labelledAtMs: null, labelledBy: null },
    };
    if (await records.add(record)) tell(record);
  }

  function onSettled({ offer }: OfferedSample): void {
    countHandled(alarms.get(offer.sample) ?? null);
    alarms.delete(offer.sample);
  }

  function countHandled(alarm: string | null): void {
    if (alarm !== null) handled.set(alarm, (handled.get(alarm) ?? 0) + 1);
  }

  function tell(record: FieldSampleRecord): FieldSample {
    const sample = toSample(record);
    live.emit({ kind: 'sample', sample });
    changed.emit(sample);
    return sample;
  }

  async function find(sample: string): Promise<FieldSampleRecord> {
    const record = await records.find(sample);
    if (record !== undefined) return record;
    throw new FleetError('not-found', `There is no sample ${sample}.`);
  }

  async function fetch(offered: OfferedSample, alarm: string | null): Promise<void> {
    const { sample } = offered.offer;
    if (alarms.has(sample) || (await records.find(sample)) !== undefined) {
      countHandled(alarm);
      return;
    }
    alarms.set(sample, alarm);
    intake.take(offered);
  }

  /** One at a time: each answer may change what the next is for. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = counting.then(work);
    counting = result.catch(() => undefined);
    return result;
  }

  async function answer(
    record: FieldSampleRecord,
    label: number | null,
    caller: string,
  ): Promise<FieldSample> {
    const counts = await records.countRandom(record);
    const next: FieldSampleRecord = {
      ...record,
      status: label === null ? 'skipped' : 'labelled',
      label,
      use: record.status === 'labelled' ? record.use : chooseUse(record.reason, counts),
      labelledAtMs: clock.now(),
      labelledBy: caller,
    };
    await records.put(next);
    return tell(next);
  }

  return {
    listen(judge) {
      unsubscribe = telemetry.eventStored.on(({ device, event }) => {
        if (event.body.kind !== 'sample') return;
        const offered = { device, atMs: event.atMs, offer: event.body };
        judge(offered)
          .then((wanted) => wanted && fetch(offered, wanted.alarm))
          .catch(options.onError);
      });
    },
    queue: async ({ status = 'waiting', ...page }) =>
      (await records.queue({ status, ...page })).map(toSample),
    get: async (sample) => toSample(await find(sample)),
    content: async (sample) => blobs.get((await find(sample)).sample),
    async label(sample, label, caller) {
      const record = await find(sample);
      if (label !== null) assertClass(label, await options.model(record.model));
      return inTurn(async () => answer(await find(sample), label, caller));
    },
    unlabel: (sample) =>
      inTurn(async () => {
        const record = await find(sample);
        const cleared = { status: 'waiting', label: null } as const;
        const next = { ...record, ...cleared, labelledAtMs: null, labelledBy: null };
        await records.put(next);
        return tell(next);
      }),
    countWaiting: () => records.countWaiting(),
    ofAlarm: async (alarm) => ({
      ...(await records.ofAlarm(alarm)),
      handled: handled.get(alarm) ?? 0,
    }),
    fetch,
    changed,
    async [Symbol.asyncDispose]() {
      unsubscribe();
      await intake.stop();
    },
  };
}

/** One input of another size would spoil every data set that it joins. */
function assertSize(
  bytes: Uint8Array,
  { dims, dtype }: { readonly dims: readonly number[]; readonly dtype: string },
): void {
  const size = elementCount(dims) * (dtype === 'float32' ? 4 : 1);
  if (bytes.length === size) return;
  throw new FleetError(
    'malformed',
    `A sample of ${bytes.length} bytes came where the model takes ${size}.`,
  );
}

function toSample(record: FieldSampleRecord): FieldSample {
  const { use: _, labelledAtMs: _at, labelledBy: _by, ...sample } = record;
  return sample;
}

function assertClass(label: number, { id, classes }: ModelInfo): void {
  if (label < classes.length) return;
  throw new FleetError(
    'invalid-argument',
    `Model "${id}" has the classes 0 to ${classes.length - 1}, not ${label}.`,
  );
}
