import {
  type LiveEvent,
  type Metric,
  rankedTrials,
  type Sweep,
  type SweepTally,
  type Trial,
  type TrialCurve,
} from '@edgewise/protocol/http';
import { digest } from './fixture-models.ts';
import { createRandom } from './random.ts';

/** A made-up sweep and how its trials learned. */
export interface FixtureSweep {
  readonly sweep: Sweep;
  readonly curves: readonly TrialCurve[];
}

interface SweepFacts {
  readonly id: string;
  readonly agoMs: number;
  readonly spec: Sweep['spec'];
  readonly rungs: Sweep['rungs'];
  readonly trials: readonly Trial[];
  readonly change?: Partial<Sweep>;
}

/** Sweeps, newest first: one under way, one that waits, and one for each way to end. */
export function sweepFixtures(nowMs: number): readonly FixtureSweep[] {
  return [
    halving(nowMs),
    sweepOf(nowMs, {
      ...{ id: 'sweep-4', agoMs: 90_000, rungs: [{ trials: 12, epochs: 10 }], spec: random },
      trials: drawn(12).map((parameters, at) => aTrial(at + 1, parameters)),
      change: { status: 'queued' },
    }),
    grid(nowMs),
    sweepOf(nowMs, {
      ...{ id: 'sweep-2', agoMs: 9_000_000, rungs: [{ trials: 12, epochs: 10 }], spec: random },
      trials: drawn(12).map((parameters, at) =>
        at < 5
          ? trained(aTrial(at + 1, parameters), [10], 'done')
          : { ...aTrial(at + 1, parameters), status: 'canceled' },
      ),
      change: { status: 'canceled', finishedAtMs: nowMs - 8_700_000 },
    }),
    sweepOf(nowMs, {
      ...{ id: 'sweep-1', agoMs: 9_600_000, rungs: [{ trials: 4, epochs: 10 }], spec: random },
      trials: drawn(4).map((parameters, at) => failed(aTrial(at + 1, parameters))),
      change: { status: 'failed', finishedAtMs: nowMs - 9_590_000, error: diverged },
    }),
  ];
}

const diverged: Trial['error'] = {
  code: 'invalid-argument',
  detail: 'The training diverged in epoch 1: the loss is not finite. Try a smaller rate.',
};

const random: Sweep['spec'] = {
  ...{ method: 'random', trials: 12, workers: 2 },
  parameters: {
    'optimizer.rate': { low: 0.0003, high: 0.3, scale: 'log' },
    batchSize: { values: [32, 64, 128] },
  },
};

/** In its second round: twelve were stopped or have failed, two train, the others wait for them. */
function halving(nowMs: number): FixtureSweep {
  const statuses = ['paused', 'running', 'paused', 'running', 'paused', 'paused'] as const;
  const begun = drawn(18).map((parameters, at) =>
    at === 6 ? failed(aTrial(7, parameters)) : trained(aTrial(at + 1, parameters), [2], 'paused'),
  );
  const order = rankedTrials(begun.filter(({ status }) => status === 'paused'));
  const trials = begun.map((trial): Trial => {
    const place = order.indexOf(trial);
    const status = place < 0 ? trial.status : (statuses[place] ?? 'stopped');
    if (place === 0) return trained(trial, [2, 6], status);
    return { ...trial, status, progress: status === 'running' ? 0.2 : trial.progress };
  });
  return sweepOf(nowMs, {
    ...{ id: 'sweep-5', agoMs: 310_000, trials },
    spec: {
      ...{ method: 'halving', trials: 18, workers: 2 },
      parameters: { ...random.parameters, 'layers.0.filters': { values: [8, 16, 32] } },
    },
    rungs: [
      { trials: 18, epochs: 2 },
      { trials: 6, epochs: 6 },
      { trials: 2, epochs: 18 },
    ],
    change: { status: 'running' },
  });
}

/** Two whole optimizers by three widths; its best became version 3. */
function grid(nowMs: number): FixtureSweep {
  const optimizers = [
    { kind: 'sgd', rate: 0.05, momentum: 0.9 },
    { kind: 'adam', rate: 0.001 },
  ];
  const widths = [32, 64, 128];
  const trials = optimizers.flatMap((optimizer, row) =>
    widths.map((units, column) =>
      trained(aTrial(row * 3 + column + 1, { optimizer, 'layers.4.units': units }), [10], 'done'),
    ),
  );
  return sweepOf(nowMs, {
    ...{ id: 'sweep-3', agoMs: 620_000, rungs: [{ trials: 6, epochs: 10 }], trials },
    spec: {
      method: 'grid',
      parameters: { optimizer: { values: optimizers }, 'layers.4.units': { values: widths } },
    },
    change: { status: 'done', best: 6, run: 'run-3', finishedAtMs: nowMs - 305_000 },
  });
}

function sweepOf(nowMs: number, { id, agoMs, spec, rungs, trials, change }: SweepFacts) {
  const sweep: Sweep = {
    ...{ id, model: 'digits', spec, rungs, recipe: digest('recipe'), seed: 7, status: 'running' },
    ...{ snapshot: digest('snapshot3'), trials: [...trials], tally: tallyFixture(trials) },
    ...{ best: null, run: null, createdAtMs: nowMs - agoMs, finishedAtMs: null, error: null },
    ...change,
  };
  return { sweep, curves: trials.map(curveOf) };
}

function tallyFixture(trials: readonly Trial[]): SweepTally {
  const over = new Set<Trial['status']>(['done', 'stopped', 'failed']);
  const round = trials.some(({ status }) => status === 'stopped') ? 2 : 1;
  const leader = rankedTrials(trials)[0];
  const found = leader?.results.at(-1);
  return {
    ended: trials.filter(({ status }) => over.has(status)).length,
    failed: trials.filter(({ status }) => status === 'failed').length,
    round,
    finished: trials.filter(
      ({ status, results }) =>
        results.length >= round || (status === 'failed' && results.length === round - 1),
    ).length,
    leader: leader && found ? { trial: leader.number, accuracy: found.accuracy } : null,
  };
}

function drawn(count: number): readonly Trial['parameters'][] {
  const next = createRandom(count);
  const pick = (values: readonly number[]) => values[Math.floor(next() * values.length)] ?? 0;
  return Array.from({ length: count }, () => ({
    'optimizer.rate': Number((0.0003 * 1000 ** next()).toPrecision(4)),
    batchSize: pick([32, 64, 128]),
    ...(count === 18 && { 'layers.0.filters': pick([8, 16, 32]) }),
  }));
}

function aTrial(number: number, parameters: Trial['parameters']): Trial {
  return {
    ...{ number, parameters, recipe: digest(`recipe-${number}`), status: 'waiting', progress: 0 },
    ...{ results: [], error: null },
  };
}

function failed(trial: Trial): Trial {
  return { ...trial, status: 'failed', progress: 0.04, error: diverged, trainedMs: 1_900 };
}

/** Trained up to each of these epochs. */
function trained(trial: Trial, rounds: readonly number[], status: Trial['status']): Trial {
  const results = rounds.map((epochs) => {
    const { accuracy, loss } = learned(trial, epochs);
    return { epochs, accuracy, loss };
  });
  const epochs = rounds.at(-1) ?? 0;
  return { ...trial, status, results, progress: epochs / 18, trainedMs: 1_000 + epochs * 4_300 };
}

/** A trial that runs is half a round further than what it has found. */
function curveOf(trial: Trial): TrialCurve {
  const epochs = (trial.results.at(-1)?.epochs ?? 0) + (trial.status === 'running' ? 2 : 0);
  const metrics = Array.from({ length: epochs }, (_, at): Metric => {
    const { accuracy, loss } = learned(trial, at + 1);
    return {
      ...{ step: (at + 1) * 400, epoch: at + 1, loss: loss * 0.9 },
      ...{ trainingAccuracy: Math.min(1, accuracy + 0.004), accuracy, validationLoss: loss },
    };
  });
  return { trial: trial.number, metrics };
}

/** Rates near a hundredth learn best, wide layers a little better. */
function learned({ number, parameters }: Trial, epochs: number) {
  const { 'optimizer.rate': rate = 0.004, 'layers.4.units': units = 64, optimizer } = parameters;
  const adam = JSON.stringify(optimizer)?.includes('adam') ? 0.006 : 0;
  const away = Math.log10(Number(rate)) + 2;
  const noise = createRandom(number * 97 + epochs)() * 0.004;
  const reached = 0.985 + adam - 0.045 * away * away + 0.00004 * Number(units);
  const left = 0.35 * Math.exp(-epochs / (2.5 + Math.abs(away)));
  const accuracy = Number((reached - left - noise).toFixed(4));
  return { accuracy, loss: Number((2.2 * (1 - accuracy) + 0.02).toFixed(4)) };
}

/** What a sweep that is stopped becomes, and what the hub tells meanwhile. */
export function canceled(sweep: Sweep): { readonly sweep: Sweep; readonly events: LiveEvent[] } {
  const trials = sweep.trials.map(
    (trial): Trial =>
      ['running', 'waiting', 'paused'].includes(trial.status)
        ? { ...trial, status: 'canceled' }
        : trial,
  );
  const after: Sweep = {
    ...{ ...sweep, status: 'canceled', trials, tally: tallyFixture(trials) },
    finishedAtMs: Date.now(),
  };
  return {
    sweep: after,
    events: [
      ...trials.map((trial): LiveEvent => ({ kind: 'trial', sweep: sweep.id, trial })),
      { kind: 'sweep', sweep: { ...after, trials: [] } },
    ],
  };
}
