import { tensor } from '../../tensor/tensor.ts';
import { floatsOf } from '../edit.ts';
import type { Attribute, Node } from '../graph.ts';
import { attributesOf, makeNode, type OldNode, type Rewrite } from './old-node.ts';

const text = (value: string): Attribute => ({
  type: 'string',
  value: new TextEncoder().encode(value),
});

/** Upsample-7 to 9: `scales` became an input. */
export const upsampleScales: Rewrite = (old) => {
  const { node } = old;
  const scales = Float32Array.from(floatsOf(node, 'scales') ?? []);
  const held = old.hold(`${node.outputs[0]}_scales`, tensor('float32', [scales.length], scales));
  const [data = ''] = node.inputs;
  return [{ ...node, inputs: [data, held], attributes: attributesOf(node, ['scales']) }];
};

/** Upsample-9 to Resize-11: scales are at least one, so the nearest neighbour is the one below. */
export const upsample: Rewrite = ({ node }) => {
  const [data = '', scales = ''] = node.inputs;
  return [resized(node, [data, scales], node.outputs, 'floor')];
};

/**
 * Resize-10 to 11. Coordinates were asymmetric, and the nearest neighbour was the one below when
 * growing and the one above when shrinking (as ONNX Runtime runs Resize-10): scales that are not
 * known, or that do both, become two steps.
 */
export const resize: Rewrite = (old) => {
  const { node } = old;
  const [data = '', scales = ''] = node.inputs;
  const directions = directionsOf(old.constant(scales)?.data);
  if (!isNearest(node) || directions === 'grows') {
    return [resized(node, [data, scales], node.outputs, 'floor')];
  }
  if (directions === 'shrinks') return [resized(node, [data, scales], node.outputs, 'ceil')];
  return twoSteps(old, data, scales);
};

const isNearest = ({ attributes }: Node): boolean => {
  const mode = attributes.get('mode');
  return mode?.type !== 'string' || new TextDecoder().decode(mode.value) === 'nearest';
};

function directionsOf(scales: unknown): 'grows' | 'shrinks' | 'both' {
  if (!(scales instanceof Float32Array)) return 'both';
  if (scales.every((scale) => scale >= 1)) return 'grows';
  return scales.every((scale) => scale <= 1) ? 'shrinks' : 'both';
}

function twoSteps(old: OldNode, data: string, scales: string): readonly Node[] {
  const [output = ''] = old.node.outputs;
  const one = old.hold(`${output}_one`, tensor('float32', [], new Float32Array([1])));
  const [up, down, grown] = ['up', 'down', 'grown'].map((part) => old.fresh(`${output}_${part}`));
  return [
    makeNode('Max', [scales, one], [up ?? '']),
    makeNode('Min', [scales, one], [down ?? '']),
    { ...resized(old.node, [data, up ?? ''], [grown ?? ''], 'floor'), name: '' },
    resized(old.node, [grown ?? '', down ?? ''], [output], 'ceil'),
  ];
}

function resized(
  node: Node,
  [data = '', scales = '']: readonly string[],
  outputs: readonly string[],
  nearest: 'floor' | 'ceil',
): Node {
  const mode = node.attributes.get('mode') ?? text('nearest');
  const attributes = new Map([
    ['mode', mode],
    ['coordinate_transformation_mode', text('asymmetric')],
    ...(isNearest(node) ? ([['nearest_mode', text(nearest)]] as const) : []),
  ]);
  return { ...node, op: 'Resize', inputs: [data, '', scales], outputs, attributes };
}

/** RoiAlign-10 to 16: coordinates got a mode, whose default is another one. */
export const roiAlign: Rewrite = ({ node }) => [
  {
    ...node,
    attributes: attributesOf(node, [], {
      coordinate_transformation_mode: text('output_half_pixel'),
    }),
  },
];

/** GridSample-16 to 20: modes were renamed. */
export const gridSample: Rewrite = ({ node }) => {
  const mode = node.attributes.get('mode');
  const old = mode?.type === 'string' ? new TextDecoder().decode(mode.value) : 'bilinear';
  const renamed = old === 'bilinear' ? 'linear' : old === 'bicubic' ? 'cubic' : old;
  return [{ ...node, attributes: attributesOf(node, ['mode'], { mode: text(renamed) }) }];
};
