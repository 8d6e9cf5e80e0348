import { tensor } from '../../tensor/tensor.ts';
import { int } from '../builder.ts';
import { floatOf, intOf } from '../edit.ts';
import type { Node } from '../graph.ts';
import { attributesOf, makeNode, type OldNode, type Rewrite, withInput } from './old-node.ts';

/** A list of integers that moved from an attribute to an int64 input. */
export const listToInput =
  (attribute: string, index: number): Rewrite =>
  (old) => {
    const { node } = old;
    const list = wholeInts(node, attribute);
    if (list === undefined) return [node];
    const held = holdInts(old, attribute, list);
    return [
      {
        ...node,
        inputs: withInput(node.inputs, index, held),
        attributes: attributesOf(node, [attribute]),
      },
    ];
  };

/** Slice-1 to 10: `starts`, `ends` and `axes` became inputs. */
export const slice: Rewrite = (old) => {
  const lists = ['starts', 'ends', 'axes'].flatMap((name) => {
    const list = wholeInts(old.node, name);
    return list === undefined ? [] : [holdInts(old, name, list)];
  });
  const [data = ''] = old.node.inputs;
  return [{ ...old.node, inputs: [data, ...lists], attributes: new Map() }];
};

/** TopK-1 to 10: `k` became a list of one. */
export const topK: Rewrite = (old) => {
  const count = holdInts(old, 'k', [BigInt(intOf(old.node, 'k', 1))]);
  const [data = ''] = old.node.inputs;
  return [{ ...old.node, inputs: [data, count], attributes: attributesOf(old.node, ['k']) }];
};

/** Clip-6 to 11: the bounds became inputs of the type of the data; none means none. */
export const clip: Rewrite = (old) => {
  const [data = ''] = old.node.inputs;
  const before: Node[] = [];
  const bounds = ['min', 'max'].map((name) =>
    old.node.attributes.has(name) ? scalarLike(old, data, name, before) : '',
  );
  while (bounds.at(-1) === '') bounds.pop();
  return [
    ...before,
    {
      ...old.node,
      inputs: [data, ...bounds],
      attributes: attributesOf(old.node, ['min', 'max']),
    },
  ];
};

/** Pad-2 to 11: `pads` and `value` became inputs. */
export const pad: Rewrite = (old) => {
  const [data = ''] = old.node.inputs;
  const before: Node[] = [];
  const pads = holdInts(old, 'pads', wholeInts(old.node, 'pads') ?? []);
  const filler =
    floatOf(old.node, 'value', 0) === 0 ? [] : [scalarLike(old, data, 'value', before)];
  return [
    ...before,
    {
      ...old.node,
      inputs: [data, pads, ...filler],
      attributes: attributesOf(old.node, ['pads', 'value']),
    },
  ];
};

/** Dropout-7 to 10: the mask became boolean. */
export const dropoutMask: Rewrite = (old) => {
  const [kept = '', mask = ''] = old.node.outputs;
  if (mask !== '' && old.isRead(mask)) old.refuse('its mask is read as numbers');
  return [{ ...old.node, outputs: [kept] }];
};

/** Dropout-10 to 12: `ratio` became an input; without the third input nothing is dropped. */
export const dropoutRatio: Rewrite = (old) => {
  const { node } = old;
  const ratio = new Float32Array([floatOf(node, 'ratio', 0.5)]);
  const held = old.hold(`${node.outputs[0]}_ratio`, tensor('float32', [], ratio));
  const [data = ''] = node.inputs;
  return [{ ...node, inputs: [data, held], attributes: attributesOf(node, ['ratio']) }];
};

/** Split-13 to 18: equal parts are asked for by their number. */
export const splitCount: Rewrite = ({ node }) => {
  if ((node.inputs[1] ?? '') !== '') return [node];
  const num_outputs = int(node.outputs.length);
  return [{ ...node, attributes: attributesOf(node, [], { num_outputs }) }];
};

/** DFT-17 to 20: `axis` became a scalar input, with another default. */
export const dftAxis: Rewrite = (old) => {
  const axis = BigInt(intOf(old.node, 'axis', 1));
  const held = old.hold(
    `${old.node.outputs[0]}_axis`,
    tensor('int64', [], new BigInt64Array([axis])),
  );
  const inputs = withInput(old.node.inputs, 2, held);
  return [{ ...old.node, inputs, attributes: attributesOf(old.node, ['axis']) }];
};

/** The integers of an attribute with all their bits: an end beyond any size is 2^63 - 1. */
function wholeInts({ attributes }: Node, name: string): readonly bigint[] | undefined {
  const attribute = attributes.get(name);
  return attribute?.type === 'ints' ? attribute.value : undefined;
}

/** A one-dimensional int64 constant beside the node. */
function holdInts(old: OldNode, what: string, list: readonly bigint[]): string {
  const value = tensor('int64', [list.length], BigInt64Array.from(list));
  return old.hold(`${old.node.outputs[0]}_${what}`, value);
}

/** A scalar of the type of `data`; a `CastLike` where that type is not known or not float32. */
function scalarLike(old: OldNode, data: string, attribute: string, before: Node[]): string {
  const number = floatOf(old.node, attribute, 0);
  const stem = `${old.node.outputs[0]}_${attribute}`;
  const dtype = old.info(data)?.dtype;
  if (dtype === 'float64') return old.hold(stem, tensor('float64', [], new Float64Array([number])));
  const held = old.hold(stem, tensor('float32', [], new Float32Array([number])));
  if (dtype === 'float32') return held;
  if (old.target < 15) old.refuse(`the type of ${data} is not known`);
  const cast = old.fresh(`${stem}_cast`);
  before.push(makeNode('CastLike', [held, data], [cast]));
  return cast;
}
