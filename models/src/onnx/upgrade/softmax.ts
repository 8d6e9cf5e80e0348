import { int } from '../builder.ts';
import { intOf } from '../edit.ts';
import type { Node, ValueInfo } from '../graph.ts';
import { attributesOf, makeNode, type Rewrite } from './old-node.ts';

/**
 * Softmax, LogSoftmax and Hardmax before 13 see the input as a matrix, cut at `axis` (default 1),
 * and work along its rows; from 13 on they work along one axis (ONNX Changelog, Softmax-13).
 */
export const alongRows: Rewrite = (old) => {
  const { node } = old;
  const axis = intOf(node, 'axis', 1);
  const [data = ''] = node.inputs;
  const [output = ''] = node.outputs;
  const single = onlyAxis(old.info(data)?.dims, axis);
  if (single !== undefined) {
    return [{ ...node, attributes: attributesOf(node, ['axis'], { axis: int(single) }) }];
  }
  const [shape, flat, rows] = ['shape', 'flat', 'rows'].map((part) =>
    old.fresh(`${output}_${part}`),
  );
  return [
    makeNode('Shape', [data], [shape ?? '']),
    makeNode('Flatten', [data], [flat ?? ''], { axis: int(axis) }),
    { ...node, inputs: [flat ?? ''], outputs: [rows ?? ''], attributes: lastAxis(node) },
    makeNode('Reshape', [rows ?? '', shape ?? ''], [output]),
  ];
};

const lastAxis = (node: Node): Node['attributes'] =>
  attributesOf(node, ['axis'], { axis: int(-1) });

/** The axis that rows run along, when all others behind the cut have one element. */
function onlyAxis(dims: ValueInfo['dims'], axis: number): number | undefined {
  if (dims === undefined) return axis === -1 ? -1 : undefined;
  const cut = axis < 0 ? axis + dims.length : axis;
  const long = dims.flatMap((size, at) => (at < cut || size === 1 ? [] : [at]));
  if (long.length > 1 || cut >= dims.length) return undefined;
  return long[0] ?? cut;
}
