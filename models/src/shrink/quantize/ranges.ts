import { consumersOf, nameOf } from '../../onnx/edit.ts';
import type { Graph } from '../../onnx/graph.ts';
import type { Range, Ranges } from '../calibrate/ranges.ts';

/**
 * Ranges as the integers should see them: what only a Relu or Clip reads takes the range of its
 * output, for the rest would be clipped anyway; a Softmax lies between 0 and 1. In graph order, so
 * that a chain sees one step back (base_quantizer.py, `adjust_tensor_ranges`).
 */
export function adjustRanges(
  { nodes }: Graph,
  ranges: Ranges,
  exclude: ReadonlySet<string>,
): Ranges {
  const adjusted = new Map<string, Range>(ranges);
  const consumers = consumersOf(nodes);
  for (const node of nodes) {
    if (exclude.has(nameOf(node))) continue;
    const [input = ''] = node.inputs;
    const [output = ''] = node.outputs;
    const range = adjusted.get(output);
    if (node.op === 'Softmax') adjusted.set(output, { min: 0, max: 1 });
    else if (node.op === 'Relu' || node.op === 'Clip') {
      const alone = consumers.get(input)?.length === 1;
      if (alone && range !== undefined && adjusted.has(input)) adjusted.set(input, range);
    }
  }
  return adjusted;
}
