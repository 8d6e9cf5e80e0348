import { createFreshNames } from '../onnx/edit.ts';
import { createUpdate, type Optimizer } from './optimizers.ts';
import { renameValues } from './rename.ts';
import type { TrainingPlan } from './training-step.ts';

/** Names of a training graph's own inputs and outputs. */
export const stepNames = {
  targets: 'targets',
  rate: 'learning_rate',
  loss: 'loss',
  correct: 'correct',
} as const;

/** Name of the input that holds the vector of all weights, all statistics, or one slot of all weights. */
export const packName = (stem: string): string => `state.${stem}`;

/** A plan in which no value is called like an input or output of the training graph. */
export interface ClearPlan {
  readonly plan: TrainingPlan;
  /** What the given plan calls a weight or statistic: its name in a training's state. */
  stateName(value: string): string;
}

/** Gives new names to those values of a plan's model that the training graph needs for its own. */
export function keepClear(plan: TrainingPlan): ClearPlan {
  const { graph } = plan.model;
  const inputs = new Set(graph.inputs.map(({ name }) => name));
  const fresh = createFreshNames(graph);
  // The model's inputs are fed by name.
  const own = ownNames(plan.optimizer).filter((name) => !inputs.has(name));
  const renamed = new Map(own.map((name) => [name, fresh(`${name}_value`)]));
  const given = new Map([...renamed].map(([name, value]) => [value, name]));
  const nameOf = (name: string): string => renamed.get(name) ?? name;
  return {
    plan: {
      ...plan,
      model: { ...plan.model, graph: renameValues(graph, nameOf) },
      output: nameOf(plan.output),
      trained: plan.trained.map(nameOf),
      statistics: new Map(
        [...(plan.statistics ?? [])].map(([name, value]) => [nameOf(name), nameOf(value)]),
      ),
    },
    stateName: (value) => given.get(value) ?? value,
  };
}

function ownNames(optimizer: Optimizer): readonly string[] {
  const { slots, scalars } = createUpdate(optimizer);
  return [
    ...Object.values(stepNames),
    ...Object.keys(scalars(1)),
    ...['weights', 'statistics', ...slots].map(packName),
  ];
}

/**
 * The name of every slot in a training's state, by weight and slot: `weight_slot`, but never that of another
 * tensor of the state.
 */
export function slotNames(
  weights: readonly string[],
  { slots, others }: { readonly slots: readonly string[]; readonly others: readonly string[] },
): (weight: string, slot: string) => string {
  const taken = new Set([...weights, ...others]);
  const names = new Map<string, string>();
  for (const weight of weights) {
    for (const slot of slots) {
      let name = `${weight}_${slot}`;
      while (taken.has(name)) name = `${name}_`;
      taken.add(name);
      names.set(`${slot} ${weight}`, name);
    }
  }
  return (weight, slot) => names.get(`${slot} ${weight}`) ?? '';
}
