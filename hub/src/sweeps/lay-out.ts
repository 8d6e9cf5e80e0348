import type { ModelRecipe } from '@edgewise/models/train';
import { FleetError } from '@edgewise/protocol';
import type { SweepSpec } from '@edgewise/protocol/http';
import { drawTrials } from './draw.ts';
import { assertApart, type Parameters, withValues } from './places.ts';
import { type Rung, rungsOf } from './rungs.ts';

/** Everything a sweep will try, checked. */
export interface Layout {
  readonly trials: readonly { readonly parameters: Parameters; readonly recipe: ModelRecipe }[];
  readonly rungs: readonly Rung[];
}

/** Places that trials must share, with the reason. */
const fixed = {
  seed: 'trials are comparable because they share one seed',
  name: 'a name teaches nothing',
  task: 'all trials have one task',
  validationSplit: 'all trials are judged by the same validation samples',
};

/** Those of a halving. */
const fixedInHalving = {
  ...fixed,
  epochs: 'halving decides how long trials train',
  quantization:
    'halving drops trials before their training for few bits begins; take the method "grid" or "random"',
};

/** Whether trials differ in how they train for few bits, and so are judged after that. */
export const variesFewBits = ({ parameters }: Pick<SweepSpec, 'parameters'>): boolean =>
  Object.keys(parameters).some((place) => rootOf(place) === 'quantization');

const rootOf = (place: string): string => place.split('.')[0] ?? '';

/**
 * Lays a sweep out: every trial with the recipe it makes, read by `read`. Throws `invalid-argument`
 * for a faulty sweep, for a place that names nothing, and for values that make a faulty recipe, which
 * it names; nothing has run by then.
 */
export async function layOut(
  recipe: ModelRecipe,
  spec: SweepSpec,
  read: (document: unknown) => Promise<ModelRecipe>,
): Promise<Layout> {
  const places = Object.keys(spec.parameters);
  for (const place of places) assertFree(place, spec);
  assertApart(places);
  // Names every place once, before anything is drawn.
  withValues(recipe, spec.parameters);
  assertSettings(spec);
  const trials: Layout['trials'][number][] = [];
  for (const parameters of drawTrials(spec)) {
    const document = withValues(recipe, parameters);
    trials.push({ parameters, recipe: await read(document).catch(rethrow(parameters)) });
  }
  // Where the epochs are varied, each trial trains those of its own recipe.
  const epochs = Math.max(...trials.map((trial) => epochsOf(trial.recipe, spec)));
  return { trials, rungs: rungsOf(spec, { trials: trials.length, epochs }) };
}

function epochsOf({ epochs, quantization }: ModelRecipe, spec: SweepSpec): number {
  return variesFewBits(spec) ? epochs + (quantization?.epochs ?? 0) : epochs;
}

function assertFree(place: string, { method }: SweepSpec): void {
  const reasons = new Map(Object.entries(method === 'halving' ? fixedInHalving : fixed));
  const reason = reasons.get(rootOf(place));
  if (reason === undefined) return;
  throw new FleetError('invalid-argument', `The sweep cannot vary "${place}": ${reason}.`);
}

/** Settings of halving mean nothing elsewhere. */
function assertSettings({ method, epochs, eta }: SweepSpec): void {
  const stray = epochs === undefined ? eta && 'eta' : 'epochs';
  if (method === 'halving' || stray === undefined) return;
  throw new FleetError(
    'invalid-argument',
    `The sweep: "${stray}" belongs to the method "halving".`,
  );
}

function rethrow(parameters: Parameters): (thrown: unknown) => never {
  return (thrown) => {
    const { code, reason } = FleetError.from(thrown);
    const values = Object.entries(parameters)
      .map(([place, value]) => `"${place}" = ${JSON.stringify(value)}`)
      .join(', ');
    throw new FleetError(code, `The sweep tries ${values}: ${reason}`, { cause: thrown });
  };
}
