import Type, { type Static } from 'typebox';
import { CodeSchema } from '../documents/state.ts';
import { Count, Digest, Id, TimestampMs } from '../ids.ts';
import { Metric } from './models.ts';

/** How trials are chosen: every combination, drawn ones, or drawn ones of which the better go on. */
export const sweepMethods = ['grid', 'random', 'halving'] as const;
export type SweepMethod = (typeof sweepMethods)[number];

/** The most trials of one sweep. */
export const mostTrials = 500;
/** The most worker processes of one sweep. */
export const mostSweepWorkers = 16;

/** What one place of the recipe may be: one of `values`, or a number from `low` to `high`. */
export const SweepParameter = Type.Object(
  {
    /** Any JSON: numbers, texts, whole optimizers. */
    values: Type.Optional(Type.Array(Type.Unknown(), { minItems: 1, maxItems: 100 })),
    low: Type.Optional(Type.Number()),
    high: Type.Optional(Type.Number()),
    /** `log` draws every order of magnitude alike and needs a positive `low`; default `linear`. */
    scale: Type.Optional(Type.Enum(['linear', 'log'])),
    /** Whole numbers only; default false. */
    integer: Type.Optional(Type.Boolean()),
    /** Of a grid: how many numbers from `low` to `high`, both included. */
    count: Type.Optional(Type.Integer({ minimum: 2, maximum: 100 })),
  },
  { additionalProperties: false },
);
export type SweepParameter = Static<typeof SweepParameter>;

/** A search over a recipe. */
export const SweepSpec = Type.Object(
  {
    method: Type.Enum([...sweepMethods]),
    /** By place in the recipe: names and indexes joined by dots, such as `optimizer.rate` or `layers.0.filters`. */
    parameters: Type.Record(Type.String(), SweepParameter),
    /** How many are drawn; a grid has as many as there are combinations. */
    trials: Type.Optional(Type.Integer({ minimum: 2, maximum: mostTrials })),
    /** Of the draw; default 1. Trials themselves share the seed of the recipe. */
    seed: Type.Optional(Count),
    /** Of halving: epochs before the first trials are dropped; default: so that the last round is the recipe's. */
    epochs: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })),
    /** Of halving: one in so many goes on, for so many times the epochs; default 3. */
    eta: Type.Optional(Type.Integer({ minimum: 2, maximum: 10 })),
    /** Processes that train at once; default 2. */
    workers: Type.Optional(Type.Integer({ minimum: 1, maximum: mostSweepWorkers })),
  },
  { additionalProperties: false },
);
export type SweepSpec = Static<typeof SweepSpec>;

/** Measured on the validation part, which is the same for every trial. */
export const TrialResult = Type.Object({
  /** Epochs trained in all. */
  epochs: Count,
  /** Share of validation samples answered right, 0 to 1. */
  accuracy: Type.Number(),
  /** Mean of -log(probability of the label), in nats. */
  loss: Type.Number(),
});
export type TrialResult = Static<typeof TrialResult>;

/** One choice of parameters, trained. */
export const Trial = Type.Object({
  /** From 1, in the order of the draw. */
  number: Count,
  /** What stands at each place of the recipe. */
  parameters: Type.Record(Type.String(), Type.Unknown()),
  recipe: Digest,
  /** `stopped`: others of its round were better; `paused`: it waits for the others of its round. */
  status: Type.Enum(['waiting', 'running', 'paused', 'stopped', 'done', 'failed', 'canceled']),
  /** Work done of the whole training, 0 to 1. */
  progress: Type.Number(),
  /** One for every round that it has finished. */
  results: Type.Array(TrialResult),
  /** Time in workers so far, in milliseconds; absent where none was measured. */
  trainedMs: Type.Optional(Count),
  error: Type.Union([Type.Object({ code: CodeSchema, detail: Type.String() }), Type.Null()]),
});
export type Trial = Static<typeof Trial>;

/** How a trial learned: the ends of its epochs, of a long training not all of them. */
export const TrialCurve = Type.Object({
  /** Number of the trial. */
  trial: Count,
  /** By epoch. */
  metrics: Type.Array(Metric),
});
export type TrialCurve = Static<typeof TrialCurve>;

/** How far the trials of a sweep are. */
export const SweepTally = Type.Object({
  /** Trials that came to their end: done, stopped, or failed; not those that were canceled. */
  ended: Count,
  failed: Count,
  /** The round that trials are in, from 1. */
  round: Count,
  /** Trials of this round that have finished it, or failed in it. */
  finished: Count,
  /** The trial that stands best, with its accuracy on the validation part, 0 to 1. */
  leader: Type.Union([Type.Object({ trial: Count, accuracy: Type.Number() }), Type.Null()]),
});
export type SweepTally = Static<typeof SweepTally>;

/** Trials of one recipe on one snapshot; the best goes through the pipeline as a run. */
export const Sweep = Type.Object({
  id: Type.String(),
  model: Id,
  spec: SweepSpec,
  /** The recipe that trials differ from. */
  recipe: Digest,
  snapshot: Digest,
  seed: Count,
  status: Type.Enum(['queued', 'running', 'done', 'failed', 'canceled']),
  /** Rounds: how many trials train up to how many epochs in all. One round, unless it is halving. */
  rungs: Type.Array(Type.Object({ trials: Count, epochs: Count })),
  /** By number. */
  trials: Type.Array(Trial),
  /** Told without the trials too; absent before the first has begun. */
  tally: Type.Optional(SweepTally),
  /** Number of the best trial, once it is known. */
  best: Type.Union([Count, Type.Null()]),
  /** The run that makes a version of the best. */
  run: Type.Union([Type.String(), Type.Null()]),
  createdAtMs: TimestampMs,
  finishedAtMs: Type.Union([TimestampMs, Type.Null()]),
  error: Type.Union([Type.Object({ code: CodeSchema, detail: Type.String() }), Type.Null()]),
});
export type Sweep = Static<typeof Sweep>;
