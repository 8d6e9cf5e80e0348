/**
 * Runs, one after the other: train -> shrink -> evaluate -> package -> judge, in a worker. Every
 * result is a blob that is written down before the next step starts, so that a hub that was killed
 * goes on at the step (a training at its last checkpoint) and comes to the same bytes.
 */
import type { Signer } from '@edgewise/models/bundle';
import { type Code, type DeviceClass, FleetError } from '@edgewise/protocol';
import type { ModelVersion, Run } from '@edgewise/protocol/http';
import { createCancellations } from '../cancellations.ts';
import type { Clock } from '../clock.ts';
import type { Datasets } from '../datasets/datasets.ts';
import { createDrain } from '../drain.ts';
import type { Live } from '../live.ts';
import { newId } from '../new-id.ts';
import { storedRecipe } from '../registry/base-models.ts';
import type { Registry } from '../registry/registry.ts';
import { createSignal, type Signal } from '../signal.ts';
import type { BlobStore } from '../store/blobs.ts';
import { composeJob } from './compose-job.ts';
import { decodeJob, encodeJob } from './job.ts';
import { planTraining, type TrainingRequest } from './plan-training.ts';
import { queuedRun } from './queued-run.ts';
import { recipeToRetrain } from './recipe-to-retrain.ts';
import { assertRepeatable } from './reproduction/assert-repeatable.ts';
import { repetitionOf, reproductionOf } from './reproduction/reproduction.ts';
import { createRunLog } from './run-log.ts';
import type { RunRecord, RunRecords } from './run-records.ts';
import { assertTrains } from './tfjs-gaps.ts';
import { toVersion } from './to-version.ts';
import { assertFilled, assertJudgeable, assertTrainable } from './training-data.ts';
import type { Worker, WorkOutcome } from './worker.ts';

/** Makes versions. */
export interface Pipeline extends AsyncDisposable {
  /**
   * Queues a training on a fresh snapshot. Rejects with `not-found`, `insufficient-data`, and
   * `invalid-argument` or `unsupported` for a recipe; then no model is registered either.
   */
  start(request: TrainingRequest & { readonly seed?: number }): Promise<Run>;
  /**
   * Queues the training of a recipe that is a blob already, on a snapshot there is, from a checkpoint
   * of the same training. The same id once more changes nothing.
   */
  startPrepared(request: PreparedRun): Promise<Run>;
  /** Queues a retraining from a version's weights, on old data and field samples. */
  retrain(request: { readonly model: string; readonly champion: number }): Promise<Run>;
  /**
   * Queues a repetition of a finished run, which compares the bytes of what it makes and makes no
   * version. Rejects with `not-found`, also for what the run was made of, with `conflict` for a run that is not done, and with
   * `invalid-argument` for one that is a repetition itself.
   */
  reproduce(run: string): Promise<Run>;
  /** Stops a run; one that has ended stays as it is. */
  cancel(run: string): Promise<Run>;
  /** With its metrics. Rejects with `not-found`. */
  get(run: string): Promise<Run>;
  /** Newest first, without metrics. */
  list(options: { readonly limit: number }): Promise<readonly Run[]>;
  /** A run that is done, failed or canceled; its version is in the registry by then. */
  readonly finished: Signal<Run>;
}

/** A training that somebody else has prepared. */
export interface PreparedRun {
  readonly id: string;
  readonly model: string;
  readonly recipe: string;
  readonly snapshot: string;
  readonly seed: number;
  readonly checkpoint: string | null;
}

interface PipelineOptions {
  readonly records: RunRecords;
  readonly blobs: BlobStore;
  /** Folder of `blobs`, for the worker. */
  readonly blobFolder: string;
  readonly registry: Registry;
  readonly datasets: Pick<Datasets, 'snapshot' | 'get'>;
  readonly worker: Worker;
  /** Signs bundles; the key stays in this process. */
  readonly signer: Signer;
  /** Classes of the devices that are enrolled. */
  readonly deviceClasses: () => Promise<readonly DeviceClass[]>;
  readonly clock: Clock;
  readonly live: Live;
  readonly onError: (thrown: unknown) => void;
  /** Threads within one operator of a training; default 1, which leaves cores to the fleet. */
  readonly threads?: number;
}

/** Workers that may be lost before a run has failed. */
const attempts = 3;

const isLost = (outcome: WorkOutcome): boolean => !outcome.ok && outcome.code === 'unavailable';

/** Starts the pipeline; runs that a previous process left behind go on. */
export function createPipeline(options: PipelineOptions): Pipeline {
  const { records, blobs, registry, datasets, clock, live } = options;
  const finished = createSignal<Run>(options.onError);
  const stop = new AbortController();
  const cancellations = createCancellations();
  const queued = createDrain({
    next: async () => (await records.open())[0],
    work: execute,
    clock,
    onError: options.onError,
  });

  async function execute(record: RunRecord): Promise<void> {
    const log = createRunLog(record, options);
    const canceled = cancellations.begin(record.run.id, () => log.callOff());
    try {
      // Called off before the process before this one was killed.
      if (record.run.error !== null) return await end(log, { status: 'canceled', error: null });
      const begun = await begin(record);
      await log.change((current) => ({ ...current, ...begun }));
      const signal = AbortSignal.any([canceled, stop.signal]);
      let outcome = await attempt(log, signal);
      for (let again = 1; isLost(outcome) && again < attempts && !signal.aborted; again++) {
        outcome = await attempt(log, signal);
      }
      await log.settle();
      if (outcome.ok) await complete(log);
      else await fail(log, outcome, canceled);
    } catch (thrown) {
      const { code, reason } = FleetError.from(thrown);
      if (code === 'internal') options.onError(thrown);
      await log.settle();
      await fail(log, { code, detail: reason }, canceled);
    } finally {
      cancellations.end(record.run.id);
    }
  }

  /** Works on what is not done yet; a worker that was lost left its results and checkpoints. */
  async function attempt(
    log: ReturnType<typeof createRunLog>,
    signal: AbortSignal,
  ): Promise<WorkOutcome> {
    await log.settle();
    const { job, results, checkpoint } = log.record();
    const order = {
      ...{ blobFolder: options.blobFolder, job: job ?? '', results },
      publicKeyPem: options.signer.publicKeyPem,
      ...(checkpoint !== null && { checkpoint }),
    };
    return options.worker.run(order, log.listener, signal);
  }

  async function begin(record: RunRecord): Promise<{ readonly job: string; readonly run: Run }> {
    const run: Run = { ...record.run, status: 'running' };
    if (record.job !== null) return { job: record.job, run };
    const model = await registry.model(run.model);
    const job = await composeJob(
      {
        ...{ run, model, threads: options.threads ?? 1 },
        version: await registry.reserveVersion(run.model, run.id),
        champion: await championOf(record),
        deviceClasses: await options.deviceClasses(),
      },
      blobs,
    );
    return { job: await blobs.put(encodeJob(job)), run };
  }

  async function championOf({ run, champion }: RunRecord): Promise<ModelVersion | undefined> {
    if (champion !== null) return registry.version(run.model, champion);
    const versions = await registry.versions(run.model);
    return versions.find(({ gate }) => gate.verdict === 'pass' || gate.verdict === 'first');
  }

  async function complete(log: ReturnType<typeof createRunLog>): Promise<void> {
    const record = log.record();
    if (record.run.reproduces !== undefined) {
      const reproduction = await reproductionOf(await find(record.run.reproduces), record, blobs);
      return await end(log, { status: 'done', reproduction, progress: 1, error: null });
    }
    const job = decodeJob(await blobs.get(record.job ?? ''));
    await registry.addVersion(await toVersion(job, record.results, { blobs, nowMs: clock.now() }));
    await end(log, { status: 'done', version: job.version, progress: 1, error: null });
  }

  async function fail(
    log: ReturnType<typeof createRunLog>,
    { code, detail }: { readonly code: Code; readonly detail: string },
    canceled: AbortSignal,
  ): Promise<void> {
    // A hub that is closing leaves its run as it stands; the next process goes on.
    if (stop.signal.aborted && !canceled.aborted) return;
    if (canceled.aborted) await end(log, { status: 'canceled', error: null });
    else await end(log, { status: 'failed', error: { code, detail } });
  }

  async function end(log: ReturnType<typeof createRunLog>, change: Partial<Run>): Promise<void> {
    await log.change((record) => ({
      ...record,
      run: { ...record.run, ...change, finishedAtMs: clock.now() },
    }));
    await log.dropCheckpoint();
    finished.emit(log.record().run);
  }

  async function start(request: Parameters<Pipeline['start']>[0]): Promise<Run> {
    const { dataset, recipe, register } = await planTraining(request, options);
    assertTrainable(dataset);
    assertJudgeable(dataset, recipe);
    assertFilled(dataset, recipe);
    assertTrains(recipe);
    const model = await register();
    return await queue(
      { kind: 'train', model: model.id, recipe: model.recipe, seed: request.seed ?? recipe.seed },
      { dataset: dataset.id, champion: null },
    );
  }

  async function retrain({ model, champion }: Parameters<Pipeline['retrain']>[0]): Promise<Run> {
    const info = await registry.model(model);
    assertTrainable(await datasets.get(info.dataset));
    const version = await registry.version(model, champion);
    const recipe = await recipeToRetrain(info, version, blobs);
    const plan = await storedRecipe(recipe, blobs);
    assertTrains(plan);
    const { seed } = plan;
    return await queue(
      { kind: 'retrain', model, recipe, seed },
      { dataset: info.dataset, champion },
    );
  }

  /** Queues a run on a fresh snapshot. */
  async function queue(
    facts: Pick<Run, 'model' | 'kind' | 'recipe' | 'seed'>,
    { dataset, champion }: { readonly dataset: string; readonly champion: number | null },
  ): Promise<Run> {
    const { digest: snapshot } = await datasets.snapshot(dataset);
    const run = queuedRun({ ...facts, id: newId('run'), snapshot, createdAtMs: clock.now() });
    return await enqueue({ run, champion, job: null, results: {}, checkpoint: null });
  }

  async function startPrepared({ checkpoint, ...facts }: PreparedRun): Promise<Run> {
    const known = await records.find(facts.id);
    if (known !== undefined) return known.run;
    const run = queuedRun({ ...facts, kind: 'train', createdAtMs: clock.now() });
    return await enqueue({ run, champion: null, job: null, results: {}, checkpoint });
  }

  async function enqueue(record: RunRecord): Promise<Run> {
    await records.put(record);
    live.emit({ kind: 'run', run: record.run });
    queued.wake();
    return record.run;
  }

  async function find(run: string): Promise<RunRecord> {
    const record = await records.find(run);
    if (record !== undefined) return record;
    throw new FleetError('not-found', `There is no run "${run}".`);
  }

  queued.wake();
  return {
    startPrepared,
    start,
    retrain,
    async reproduce(run) {
      const recorded = await find(run);
      const facts = { id: newId('run'), createdAtMs: clock.now() };
      const repetition = repetitionOf(recorded, facts);
      await assertRepeatable(recorded, blobs);
      return await enqueue(repetition);
    },
    async cancel(run) {
      const record = await find(run);
      if (record.run.finishedAtMs !== null) return record.run;
      if (await cancellations.callOff(run, 'A person stopped the run.')) return record.run;
      const log = createRunLog(record, options);
      await end(log, { status: 'canceled' });
      return log.record().run;
    },
    async get(run) {
      const record = await find(run);
      return { ...record.run, metrics: [...(await records.metrics(run))] };
    },
    list: async ({ limit }) => (await records.list(limit)).map(({ run }) => run),
    finished,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await queued.stop();
    },
  };
}
