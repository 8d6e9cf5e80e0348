/**
 * Sweeps, one after the other: trials of one recipe on one snapshot, several at once, each in a worker.
 * What a trial finds is written down before anything follows from it, so that a hub that was killed
 * repeats no finished trial and goes on with the others at their checkpoints. The best goes through the
 * pipeline; until then the test part is not read.
 */
import { isTuneRecipe, type ModelRecipe, readModelRecipe } from '@edgewise/models/train';
import { FleetError } from '@edgewise/protocol';
import type { Dataset, Sweep, SweepSpec, Trial, TrialCurve } from '@edgewise/protocol/http';
import { createCancellations } from '../cancellations.ts';
import type { Clock } from '../clock.ts';
import type { Datasets } from '../datasets/datasets.ts';
import { createDrain } from '../drain.ts';
import type { Live } from '../live.ts';
import { newId } from '../new-id.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import { planTraining, type TrainingRequest } from '../pipeline/plan-training.ts';
import { assertTrains } from '../pipeline/tfjs-gaps.ts';
import { assertFilled, assertJudgeable, assertTrainable } from '../pipeline/training-data.ts';
import type { TrialOrder } from '../pipeline/worker/messages.ts';
import type { Worker } from '../pipeline/worker.ts';
import { storedRecipe } from '../registry/base-models.ts';
import type { Registry } from '../registry/registry.ts';
import type { BlobStore } from '../store/blobs.ts';
import { conduct } from './conduct.ts';
import { layOut } from './lay-out.ts';
import { type Ledger, openLedger } from './ledger.ts';
import type { SweepRecords, TrialRecord } from './sweep-records.ts';

/** Searches over recipes. */
export interface Sweeps extends AsyncDisposable {
  /**
   * Queues a sweep over the recipe of a model. Rejects with `not-found`, `insufficient-data`, and
   * `invalid-argument` for a place that names nothing or values that make a faulty recipe; then no
   * model is registered either.
   */
  start(
    request: TrainingRequest & { readonly sweep: SweepSpec; readonly seed?: number },
  ): Promise<Sweep>;
  /** Stops a sweep; one that has ended stays as it is. Rejects with `not-found`. */
  cancel(sweep: string): Promise<Sweep>;
  /** With its trials. Rejects with `not-found`. */
  get(sweep: string): Promise<Sweep>;
  /** How its trials learned, by number. Rejects with `not-found`. */
  curves(sweep: string): Promise<readonly TrialCurve[]>;
  /** Newest first, without trials. */
  list(options: { readonly limit: number }): Promise<readonly Sweep[]>;
}

interface SweepsOptions {
  readonly records: SweepRecords;
  readonly blobs: BlobStore;
  /** Folder of `blobs`, for the workers. */
  readonly blobFolder: string;
  readonly registry: Pick<Registry, 'model' | 'recipeFor' | 'putModel'>;
  readonly datasets: Pick<Datasets, 'snapshot' | 'get'>;
  readonly pipeline: Pick<Pipeline, 'startPrepared'>;
  readonly worker: Worker<TrialOrder>;
  readonly clock: Clock;
  readonly live: Live;
  readonly onError: (thrown: unknown) => void;
  /** Threads within one operator; default 1, as of the pipeline. */
  readonly threads?: number;
}

/** Processes that train at once, where a sweep does not say. */
const usualWorkers = 2;

/** Starts the sweeps; those that a previous process left behind go on. */
export function createSweeps(options: SweepsOptions): Sweeps {
  const { records, blobs, registry, datasets, clock, live } = options;
  const stop = new AbortController();
  const cancellations = createCancellations();
  const queued = createDrain({
    next: async () => (await records.open())[0],
    work: execute,
    clock,
    onError: options.onError,
  });

  async function execute(sweep: Sweep): Promise<void> {
    const ledger = await openLedger(sweep, { records, blobs, live });
    const canceled = cancellations.begin(sweep.id, () => ledger.callOff());
    try {
      // Called off before the process before this one was killed.
      if (sweep.error !== null) return await end(ledger, { status: 'canceled' });
      await ledger.change({ status: 'running' });
      await search(ledger, canceled).catch(async (thrown) => {
        const { code, reason } = FleetError.from(thrown);
        if (code === 'internal') options.onError(thrown);
        await end(ledger, { status: 'failed', error: { code, detail: reason } });
      });
    } finally {
      cancellations.end(sweep.id);
    }
  }

  async function search(ledger: Ledger, canceled: AbortSignal): Promise<void> {
    const { blobFolder, worker, onError, threads = 1 } = options;
    const { workers = usualWorkers } = ledger.sweep().spec;
    const work = { ledger, worker, blobs, blobFolder, threads, clock, onError };
    const signal = AbortSignal.any([canceled, stop.signal]);
    const ended = await conduct(work, { workers, signal });
    switch (ended.kind) {
      case 'chosen':
        return await choose(ledger, ended.trial);
      case 'given-up': {
        const error = ledger.trials().find((trial) => trial.error !== null)?.error ?? null;
        return await end(ledger, { status: 'failed', error });
      }
      case 'interrupted':
        // A hub that is closing leaves its sweep as it stands; the next process goes on.
        if (canceled.aborted) await end(ledger, { status: 'canceled' });
    }
  }

  /** The same run however often a hub is killed here. */
  async function choose(ledger: Ledger, number: number): Promise<void> {
    const { model, snapshot, seed, run: known, recipe: base } = ledger.sweep();
    const run = known ?? newId('run');
    await ledger.change({ best: number, run });
    const { trial, checkpoint } = ledger.trial(number);
    const { recipe } = trial;
    const info = await registry.model(model);
    if (info.recipe === base) {
      const document: unknown = await storedRecipe(recipe, blobs);
      await registry.putModel(model, { dataset: info.dataset, recipe: document });
    }
    await options.pipeline.startPrepared({ id: run, model, recipe, snapshot, seed, checkpoint });
    await end(ledger, { status: 'done' });
  }

  /** The checkpoint of the best has gone to its run, which forgets it when it has ended. */
  async function end(ledger: Ledger, change: Partial<Sweep>): Promise<void> {
    const { best } = ledger.sweep();
    const handedOn = change.status === 'done' && best !== null ? best : undefined;
    await ledger.end({ error: null, ...change, finishedAtMs: clock.now() }, handedOn);
  }

  /** Reads a trial's recipe; the model that it may train further is looked at once. */
  function recipeReader(dataset: Dataset): (document: unknown) => Promise<ModelRecipe> {
    const seen = new Set<string>();
    return async (document) => {
      const recipe = readModelRecipe(document);
      const key = isTuneRecipe(recipe)
        ? JSON.stringify([recipe.base, recipe.input, recipe.quantization?.weightBits])
        : undefined;
      if (key === undefined || !seen.has(key)) await registry.recipeFor(dataset.id, document);
      if (key !== undefined) seen.add(key);
      assertTrains(recipe);
      assertFilled(dataset, recipe);
      return recipe;
    };
  }

  async function start(request: Parameters<Sweeps['start']>[0]): Promise<Sweep> {
    const { model, sweep: spec } = request;
    const { dataset, recipe, register } = await planTraining(request, options);
    assertTrainable(dataset);
    assertJudgeable(dataset, recipe);
    const { trials, rungs } = await layOut(recipe, spec, recipeReader(dataset));
    const stored: TrialRecord[] = [];
    for (const [at, { parameters, recipe: changed }] of trials.entries()) {
      const digest = await blobs.put(new TextEncoder().encode(JSON.stringify(changed)));
      const trial = newTrial({ number: at + 1, parameters, recipe: digest });
      stored.push({ trial, checkpoint: null });
    }
    // Before the snapshot: what devices of the model have sent belongs to the data set from now on.
    const info = await register();
    const { digest: snapshot } = await datasets.snapshot(dataset.id);
    const sweep: Sweep = {
      ...{ id: newId('sweep'), model, spec, recipe: info.recipe, snapshot, rungs: [...rungs] },
      ...{ seed: request.seed ?? recipe.seed, status: 'queued', trials: [], best: null, run: null },
      ...{ createdAtMs: clock.now(), finishedAtMs: null, error: null },
    };
    await records.putWhole(sweep, stored);
    live.emit({ kind: 'sweep', sweep });
    queued.wake();
    return { ...sweep, trials: stored.map(({ trial }) => trial) };
  }

  async function find(sweep: string): Promise<Sweep> {
    const found = await records.find(sweep);
    if (found !== undefined) return found;
    throw new FleetError('not-found', `There is no sweep "${sweep}".`);
  }

  queued.wake();
  return {
    start,
    async cancel(id) {
      const sweep = await find(id);
      if (sweep.finishedAtMs !== null) return sweep;
      if (await cancellations.callOff(id, 'A person stopped the sweep.')) return sweep;
      const ledger = await openLedger(sweep, { records, blobs, live });
      await end(ledger, { status: 'canceled' });
      return ledger.sweep();
    },
    async get(id) {
      const sweep = await find(id);
      return { ...sweep, trials: (await records.trials(id)).map(({ trial }) => trial) };
    },
    async curves(id) {
      await find(id);
      const stored = await records.trials(id);
      return stored.map(({ trial, curve = [] }) => ({ trial: trial.number, metrics: [...curve] }));
    },
    list: ({ limit }) => records.list(limit),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await queued.stop();
    },
  };
}

function newTrial(facts: Pick<Trial, 'number' | 'parameters' | 'recipe'>): Trial {
  return { ...facts, status: 'waiting', progress: 0, results: [], error: null };
}
