import { consumersOf } from '../../onnx/edit.ts';
import type { Graph } from '../../onnx/graph.ts';
import type { ActivationGrid } from './plan.ts';

/** Operators whose output holds numbers of their input and nothing else. */
const moving: ReadonlySet<string> = new Set([
  'MaxPool',
  'Flatten',
  'Reshape',
  'Transpose',
  'Squeeze',
  'Unsqueeze',
]);

/**
 * The grids without those that change nothing. What was only moved is on its grid already; and since
 * rounding keeps the order of numbers, the largest of rounded numbers is the rounded largest number,
 * so that before a max pool it can wait until the pool has dropped most of them.
 */
export function neededGrids(
  { nodes }: Graph,
  all: ReadonlyMap<string, ActivationGrid>,
): ReadonlyMap<string, ActivationGrid> {
  const readers = consumersOf(nodes);
  const needed = new Map(all);
  for (const { op, inputs, outputs } of nodes) {
    const [input = ''] = inputs;
    const [output = ''] = outputs;
    const [from, to] = [all.get(input), all.get(output)];
    if (!moving.has(op) || from?.scale !== to?.scale || from?.zero !== to?.zero) continue;
    const waits = op === 'MaxPool' && readers.get(input)?.length === 1 && needed.has(input);
    needed.delete(waits ? input : output);
  }
  return needed;
}
