import { floatOf } from '../../onnx/edit.ts';
import type { Graph, Initializer, Model, Node } from '../../onnx/graph.ts';
import { inferShapes } from '../../onnx/shapes/infer.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { type LayerPair, layerPairsOf, type ScalableLayer } from './pairs.ts';

/** What may become of activations with an upper bound. */
export interface EqualizeOptions {
  /**
   * `keep` (default) leaves the layers around a Clip as they are, since a bound does not scale;
   * `relu` makes a Clip from 0 a Relu, which changes outputs wherever values exceeded the bound.
   */
  readonly clip?: 'keep' | 'relu';
}

/** Scales closer to 1 than this, as |ln s|, count as settled. */
const settled = 1e-4;
const mostRounds = 60;

/**
 * Cross-layer equalization (Nagel et al. 2019, "Data-free quantization", 4.1): wherever a Conv,
 * ConvTranspose or Gemm feeds another through Relu, pools and the like alone, channel c of the first
 * is divided, and of the second multiplied, by s = sqrt(r1 / r2), where r1 and r2 are the
 * largest |w| of the channel in each. Repeated until chains of layers settle. The outputs stay the
 * same but for float rounding. Batch normalisation must be folded before.
 */
export function equalize(model: Model, options: EqualizeOptions = {}): Model {
  const graph = options.clip === 'relu' ? withoutClips(model.graph) : model.graph;
  const pairs = layerPairsOf(inferShapes({ ...model, graph }).graph);
  const scales = createScales(graph);
  for (let round = 0; round < mostRounds; round++) {
    const largest = Math.max(0, ...pairs.map((pair) => balance(pair, scales)));
    if (largest < settled) break;
  }
  const initializers = new Map<string, Initializer>(graph.initializers);
  for (const layer of pairs.flatMap(({ first, second }) => [first, second])) {
    for (const [name, value] of scales.scaled(layer)) initializers.set(name, value);
  }
  return { ...model, graph: { ...graph, initializers } };
}

/** Factors found so far for the channels of each weight; the weights stay untouched meanwhile. */
interface Scales {
  factors(layer: ScalableLayer): Factors;
  /** Weight and bias with their factors, each number rounded once. */
  scaled(layer: ScalableLayer): readonly (readonly [name: string, value: Tensor])[];
}

interface Factors {
  readonly inputs: Float64Array;
  readonly outputs: Float64Array;
  readonly numbers: Float32Array;
}

function createScales(graph: Graph): Scales {
  const known = new Map<string, Factors>();
  const floats = (name: string) => graph.initializers.get(name) as Tensor<'float32'>;
  const factors = ({ weight, layout }: ScalableLayer): Factors => {
    const found = known.get(weight) ?? {
      inputs: new Float64Array(layout.inputs).fill(1),
      outputs: new Float64Array(layout.outputs).fill(1),
      numbers: floats(weight).data,
    };
    known.set(weight, found);
    return found;
  };
  return {
    factors,
    scaled(layer) {
      const { weight, bias, layout } = layer;
      const { inputs, outputs, numbers } = factors(layer);
      const { inputAt, outputAt } = layout;
      const product = numbers.map(
        (value, at) => value * (inputs[inputAt(at)] ?? 1) * (outputs[outputAt(at)] ?? 1),
      );
      const scaledWeight = [weight, tensor('float32', floats(weight).dims, product)] as const;
      if (bias === '') return [scaledWeight];
      const offset = floats(bias).data.map((value, c) => value * (outputs[c] ?? 1));
      return [scaledWeight, [bias, tensor('float32', floats(bias).dims, offset)]];
    },
  };
}

/** Moves the factors of one pair to its balance; gives the largest |ln s|. */
function balance({ first, second, channelOf }: LayerPair, scales: Scales): number {
  const [before, after] = [scales.factors(first), scales.factors(second)];
  const r1 = new Float64Array(first.layout.outputs);
  before.numbers.forEach((value, at) => {
    const [c, from] = [first.layout.outputAt(at), first.layout.inputAt(at)];
    r1[c] = Math.max(r1[c] ?? 0, Math.abs(value) * (before.inputs[from] ?? 1));
  });
  const r2 = new Float64Array(first.layout.outputs);
  after.numbers.forEach((value, at) => {
    const [from, to] = [second.layout.inputAt(at), second.layout.outputAt(at)];
    const c = channelOf(from);
    const size = Math.abs(value) * (after.inputs[from] ?? 1) * (after.outputs[to] ?? 1);
    r2[c] = Math.max(r2[c] ?? 0, size);
  });
  const s = r1.map((range, c) => scaleFor(range * (before.outputs[c] ?? 1), r2[c] ?? 0));
  before.outputs.forEach((factor, c) => {
    before.outputs[c] = factor / (s[c] ?? 1);
  });
  after.inputs.forEach((factor, from) => {
    after.inputs[from] = factor * (s[channelOf(from)] ?? 1);
  });
  return s.reduce((most, scale) => Math.max(most, Math.abs(Math.log(scale))), 0);
}

/** 1 for a channel that is zero on either side: nothing could be gained there. */
function scaleFor(r1: number, r2: number): number {
  const scale = Math.sqrt(r1 / r2);
  return Number.isFinite(scale) && scale > 0 ? scale : 1;
}

function withoutClips(graph: Graph): Graph {
  const nodes = graph.nodes.map((node) => {
    if (!isClipFromZero(node, graph)) return node;
    return { ...node, op: 'Relu', inputs: node.inputs.slice(0, 1), attributes: new Map() };
  });
  return { ...graph, nodes };
}

function isClipFromZero(node: Node, graph: Graph): boolean {
  if (node.op !== 'Clip' || node.domain !== '') return false;
  const [, low = ''] = node.inputs;
  const bound = low === '' ? floatOf(node, 'min', -Infinity) : graph.initializers.get(low)?.data[0];
  return Number(bound ?? Number.NaN) === 0;
}
