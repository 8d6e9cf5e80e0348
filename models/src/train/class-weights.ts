import type { Recipe } from './recipe.ts';

/**
 * The weight of each class in the loss, or `undefined` where all count alike. `balanced` weighs a
 * class by samples / (classes * samples of the class), so that the mean weight over the samples is 1;
 * a class without samples weighs 0.
 */
export function classWeightsOf(
  { classWeights }: Pick<Recipe, 'classWeights'>,
  labels: Int32Array,
  classes: number,
): readonly number[] | undefined {
  if (classWeights !== 'balanced') return classWeights;
  const counts = Array<number>(classes).fill(0);
  for (const label of labels) counts[label] = (counts[label] ?? 0) + 1;
  return counts.map((count) => (count === 0 ? 0 : labels.length / (classes * count)));
}
