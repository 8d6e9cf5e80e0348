import { convertTfjs } from '@edgewise/models/convert-tfjs';
import type { Tensor } from '@edgewise/models/tensor';
import { type Layer, layerSizes, type Recipe, type Weights } from '@edgewise/models/train';
import { FleetError } from '@edgewise/protocol';
import type * as tfjs from '@tensorflow/tfjs';
import type { Tfjs } from './load-tfjs.ts';

/** A recipe's network as layers of tfjs. */
export interface TfjsNetwork {
  /** The variables under the names of the recipe's tensors, trained ones and statistics. */
  readonly variables: ReadonlyMap<string, TfjsVariable>;
  /** Logits of a batch in the recipe's own layout; `drop` takes the place of each dropout in its order. */
  forward(batch: tfjs.Tensor, drop: (value: tfjs.Tensor) => tfjs.Tensor): tfjs.Tensor;
  /** The weights in the form that ONNX graphs hold them. */
  weights(): Weights;
  dispose(): void;
}

/** A variable and the order of axes that makes ONNX's tensor of it. */
export interface TfjsVariable {
  readonly variable: tfjs.Variable;
  readonly toOnnx: readonly number[];
}

/** What ONNX and the recipe call a tensor, and what tfjs calls it, by kind of layer. */
const tensors: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  conv: { weight: 'kernel', bias: 'bias' },
  depthwise: { weight: 'depthwise_kernel', bias: 'bias' },
  dense: { weight: 'kernel', bias: 'bias' },
  batchnorm: {
    ...{ scale: 'gamma', bias: 'beta' },
    ...{ mean: 'moving_mean', variance: 'moving_variance' },
  },
};

/** Orders that turn tfjs' weights into ONNX's, by the name of the weight and its number of axes. */
const orders: Readonly<Record<string, readonly number[]>> = {
  'kernel 4': [3, 2, 0, 1],
  'kernel 2': [1, 0],
  // A recipe's depthwise layer has one filter for each channel.
  'depthwise_kernel 4': [2, 3, 0, 1],
};

/** Builds the layers of a recipe that tfjs can train, with weights that are still its own. */
export function buildTfjsNetwork(tf: Tfjs, recipe: Recipe): TfjsNetwork {
  const model = tf.sequential({ name: recipe.name });
  const { shape, layout = 'hwc', scale, offset = 0 } = recipe.input;
  model.add(tf.layers.inputLayer({ inputShape: [...shape], name: 'input' }));
  if (shape.length === 3 && layout === 'chw') model.add(tf.layers.permute({ dims: [2, 3, 1] }));
  model.add(tf.layers.rescaling({ scale, offset, name: 'scaled' }));
  const sizes = layerSizes(recipe);
  for (const [index, layer] of recipe.layers.entries()) {
    for (const each of layersOf(tf, layer, { index, dims: sizes[index] ?? [] })) model.add(each);
  }
  const topology: unknown = model.toJSON(null, false);
  return {
    variables: variablesOf(model, recipe),
    forward(batch, drop) {
      let value = batch;
      for (const layer of model.layers) {
        if (layer.getClassName() === 'InputLayer') continue;
        value =
          layer.getClassName() === 'Dropout'
            ? drop(value)
            : (layer.apply(value, { training: true }) as tfjs.Tensor);
      }
      return value;
    },
    weights: () => exported(model, topology, recipe),
    dispose: () => {
      model.dispose();
    },
  };
}

interface Place {
  readonly index: number;
  /** Sizes of a sample before the layer, channels first. */
  readonly dims: readonly number[];
}

function layersOf(tf: Tfjs, layer: Layer, { index, dims }: Place): readonly tfjs.layers.Layer[] {
  const { layers } = tf;
  const name = `${layer.kind}${index}`;
  switch (layer.kind) {
    case 'conv':
      return [layers.conv2d({ name, filters: layer.filters, ...windowOf(layer) })];
    case 'depthwise':
      return [layers.depthwiseConv2d({ name, ...windowOf(layer) })];
    case 'dense':
      return [layers.dense({ name, units: layer.units, useBias: layer.bias ?? true })];
    case 'relu':
      return [layers.reLU({ name })];
    case 'relu6':
      return [layers.reLU({ name, maxValue: 6 })];
    case 'maxpool':
      return [layers.maxPooling2d({ name, ...poolOf(layer) })];
    case 'avgpool':
      return [layers.averagePooling2d({ name, ...poolOf(layer) })];
    case 'globalavgpool':
      return [layers.globalAveragePooling2d({ name })];
    case 'batchnorm': {
      const { epsilon = 1e-3, momentum = 0.9 } = layer;
      return [layers.batchNormalization({ name, epsilon, momentum })];
    }
    case 'dropout':
      return [layers.dropout({ name, rate: layer.ratio })];
    case 'flatten': {
      if (dims.length !== 3) return [];
      // Recipes count a flat vector channel by channel.
      return [layers.permute({ dims: [3, 1, 2] }), layers.flatten({ name })];
    }
    default:
      throw new FleetError('internal', `Layer ${index} passed the check of what tfjs trains.`);
  }
}

function windowOf(layer: Extract<Layer, { kind: 'conv' | 'depthwise' }>) {
  const { kernel, stride = 1, padding = 'same', bias = true } = layer;
  return { kernelSize: kernel, strides: stride, padding, useBias: bias };
}

function poolOf({ size = 2, stride = size }: Extract<Layer, { kind: 'maxpool' | 'avgpool' }>) {
  return { poolSize: [size, size], strides: [stride, stride] } as {
    poolSize: [number, number];
    strides: [number, number];
  };
}

/** Every tensor of the recipe: its full name, its layer and tfjs' name of it. */
function tensorNames(recipe: Recipe) {
  return recipe.layers.flatMap((layer, index) => {
    const own = `${layer.kind}${index}`;
    return Object.entries(tensors[layer.kind] ?? {}).map(([ours, theirs]) => ({
      ...{ name: `${own}.${ours}`, layer: own, theirs },
    }));
  });
}

function variablesOf(model: tfjs.Sequential, recipe: Recipe): ReadonlyMap<string, TfjsVariable> {
  const found = new Map(
    model.weights.map((weight) => [weight.originalName, weight.read() as tfjs.Variable]),
  );
  return new Map(
    tensorNames(recipe).flatMap(({ name, layer, theirs }) => {
      const variable = found.get(`${layer}/${theirs}`);
      if (variable === undefined) return [];
      const toOnnx = orders[`${theirs} ${variable.rank}`] ?? variable.shape.map((_, axis) => axis);
      return [[name, { variable, toOnnx }]];
    }),
  );
}

/** Saves the model as tfjs does and takes the constants of its conversion. */
function exported(model: tfjs.Sequential, topology: unknown, recipe: Recipe): Weights {
  const weights = model.weights.map((weight) => ({
    spec: { name: weight.originalName, shape: weight.shape, dtype: 'float32' },
    data: weight.read().dataSync() as Float32Array,
  }));
  const weightsManifest = [{ paths: [], weights: weights.map(({ spec }) => spec) }];
  const parts = weights.map(
    ({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  );
  const document = { modelTopology: topology, weightsManifest };
  const { initializers } = convertTfjs(document, new Uint8Array(Buffer.concat(parts))).graph;
  return new Map(
    tensorNames(recipe).flatMap(({ name, layer, theirs }) => {
      const value = initializers.get(`${layer}/${theirs}`);
      return value === undefined ? [] : [[name, value as Tensor]];
    }),
  );
}
