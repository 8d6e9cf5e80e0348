/** Divides a snapshot into what teaches, what judges and what measures. Pure and repeatable. */
import type { ModelRecipe } from '@edgewise/models/train';
import { FleetError } from '@edgewise/protocol';
import type { Dataset } from '@edgewise/protocol/http';
import type { SnapshotData } from '../datasets/read-snapshot.ts';
import { joinSamples, type Samples, selectSamples } from '../datasets/samples.ts';
import { balanceField, chooseReplay } from './replay.ts';

/** The parts of a run's data. */
export interface TrainingData {
  /** What is trained on; for a retraining replay and field samples together. */
  readonly train: Samples;
  /** Held out: bins, references and the golden set come from it. */
  readonly validation: Samples;
  /** Only ever measured on. */
  readonly test: Samples;
  /** Labelled samples from devices, apart from training. */
  readonly gate: Samples;
  /** Random samples from devices: how the drifted population looks. */
  readonly drifted: Samples;
}

/** Every twelfth training sample is held out where neither data set nor recipe say which. */
export const heldOutEvery = 12;

/**
 * Field samples weigh this much of the replay. On MNIST with faded, tilted cameras three eighths won
 * back as much as equal weights, and cost clean images a tenth.
 */
const fieldWeight = 0.375;

/** Throws `insufficient-data` for a data set that nothing can be taught with. */
export function assertTrainable({ id, counts }: Dataset): void {
  if (counts.train > 0) return;
  throw new FleetError(
    'insufficient-data',
    `Data set "${id}" has no training samples; import some into its part "train".`,
  );
}

/** How the samples of a recipe are held out and gathered. */
type Gathering = Pick<ModelRecipe, 'validationSplit' | 'batchSize'>;

/** What a profile's components need at the least. */
const leastJudges = 2;

/** Throws `insufficient-data` for a data set with too few samples, or too few to lend, for validation. */
export function assertJudgeable({ id, counts }: Dataset, recipe: Gathering): void {
  const { validationSplit: share } = recipe;
  const own = counts.validation;
  if ((own > 0 ? own : heldOutOf(counts.train, share)) >= leastJudges) return;
  const needed = Math.ceil(share === undefined ? leastJudges * heldOutEvery : leastJudges / share);
  const more =
    own > 0
      ? `import ${leastJudges} or more into its part "validation"`
      : `import ${needed} or more, or ${leastJudges} or more into its part "validation"`;
  throw new FleetError(
    'insufficient-data',
    `Data set "${id}" has ${counts.train} training samples and ${own} for validation, which judge what is trained: ${more}.`,
  );
}

/** Throws `insufficient-data` for a data set that does not fill one batch. */
export function assertFilled({ id, counts }: Dataset, recipe: Gathering): void {
  const { validationSplit, batchSize } = recipe;
  const held = counts.validation > 0 ? 0 : heldOutOf(counts.train, validationSplit);
  // How many of the samples from devices judge models and teach none is not known here.
  const most = counts.train - held + counts.field;
  if (most >= batchSize) return;
  const without = held === 0 ? '' : `, of which ${held} are held out for validation`;
  throw new FleetError(
    'insufficient-data',
    `Data set "${id}" has ${counts.train} training samples${without}: that does not fill one batch. Import more, or lower the recipe's "batchSize" of ${batchSize} to ${Math.max(1, most)} or less.`,
  );
}

/** How many of so many training samples stand in for a validation part. */
const heldOutOf = (count: number, share: number | undefined): number =>
  Math.floor(share === undefined ? count / heldOutEvery : count * share);

/** The data of a first training (`retrain: false`) or of a retraining. */
export function divide(
  snapshot: SnapshotData,
  options: {
    readonly seed: number;
    readonly retrain: boolean;
    /** Share of the training samples to hold out where there is no validation part; of the recipe. */
    readonly validationSplit?: number | undefined;
  },
): TrainingData {
  const { train, validation } = holdOut(snapshot, options.validationSplit);
  const test = snapshot.test.labels.length > 0 ? snapshot.test : validation;
  const places = snapshot.origins.map((origin, place) => ({ origin, place }));
  const fieldWhere = (keep: (entry: (typeof places)[number]) => boolean): Samples =>
    selectSamples(
      snapshot.field,
      places.filter(keep).map(({ place }) => place),
    );
  const gate = fieldWhere(({ origin }) => origin.use === 'gate');
  const drifted = fieldWhere(({ origin }) => origin.reason === 'random');
  const taught = fieldWhere(({ origin }) => origin.use === 'train');
  if (!options.retrain || taught.labels.length === 0) {
    const all = taught.labels.length === 0 ? train : join(train, taught);
    return { train: all, validation, test, gate, drifted };
  }
  const replay = selectSamples(train, chooseReplay(train.labels, options.seed));
  const weight = Math.ceil(fieldWeight * replay.labels.length);
  const field = selectSamples(taught, balanceField(taught.labels, weight));
  return { train: join(replay, field), validation, test, gate, drifted };
}

function holdOut(
  { train, validation }: SnapshotData,
  share: number | undefined,
): { readonly train: Samples; readonly validation: Samples } {
  if (validation.labels.length > 0) return { train, validation };
  const places = [...train.labels.keys()];
  const isHeldOut = (place: number) =>
    share === undefined
      ? place % heldOutEvery === heldOutEvery - 1
      : Math.floor((place + 1) * share) > Math.floor(place * share);
  return {
    train: selectSamples(
      train,
      places.filter((place) => !isHeldOut(place)),
    ),
    validation: selectSamples(train, places.filter(isHeldOut)),
  };
}

function join(a: Samples, b: Samples): Samples {
  const { dims, dtype } = a.inputs;
  return joinSamples([a, b], { dims: dims.slice(1), dtype });
}
