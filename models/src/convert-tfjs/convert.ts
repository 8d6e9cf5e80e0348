import { FleetError } from '@edgewise/protocol';
import { createGraphBuilder, type GraphBuilder } from '../onnx/builder.ts';
import type { Model } from '../onnx/graph.ts';
import { type DType, elementCount, type Tensor } from '../tensor/tensor.ts';
import { isRecord } from './config.ts';
import { createWeightFinder, type WeightFinder } from './find-weights.ts';
import { nameOutputs } from './name-outputs.ts';
import { describeLayer, type LayerSpec, type Network, type TensorRef } from './network.ts';
import { readNetwork } from './read-network.ts';
import { readManifest, readWeights } from './read-weights.ts';
import { rules } from './rules.ts';
import type { Site } from './site.ts';
import { createLayouts, type Dims, type Layouts, type Value } from './value.ts';

/** Key of the remarks in a converted model's metadata: a JSON list of sentences. */
export const notesKey = 'edgewise.tfjs.notes';

/**
 * Turns a tfjs LayersModel into an ONNX model (opset 17) with the same inputs, outputs and layouts:
 * inputs are named after the input layers, outputs after the layers that give them; images keep
 * their channels where the tfjs model has them. `document` is the parsed `model.json`, `weightBytes`
 * its weight files joined in the order of `weightPaths`.
 *
 * Recurrent layers start from zero in every run, `stateful` ones too; this and other differences
 * stand in the metadata under `notesKey`. Throws `unsupported` naming a layer and class that has no
 * counterpart, and `malformed` naming what is wrong with the file.
 */
export function convertTfjs(document: unknown, weightBytes: Uint8Array): Model {
  const { topology, manifest } = partsOf(document);
  const network = readNetwork(topology);
  const graph = createGraphBuilder({ name: network.name });
  const finder = createWeightFinder(readWeights(readManifest(manifest), weightBytes));
  const notes = new Set<string>();
  const conversion: Conversion = {
    ...{ graph, finder, notes },
    layouts: createLayouts(graph),
    constants: new Map(),
    counts: new Map(),
  };
  const inputs = network.inputs.map((ref) => declareInput(graph, network, ref));
  const outputs = runNetwork(conversion, { network, inputs, scope: [] });
  const plain = outputs.map((value) => ({ ...value, name: conversion.layouts.plain(value) }));
  for (const name of finder.unused()) notes.add(`No layer uses the weight ${name}.`);
  const model = nameOutputs(graph, plain, outputNames(network));
  if (notes.size === 0) return model;
  return { ...model, metadata: new Map([[notesKey, JSON.stringify([...notes])]]) };
}

/** The weight files of a parsed `model.json`, relative to it, in the order of their bytes. */
export function weightPaths(document: unknown): readonly string[] {
  return readManifest(partsOf(document).manifest).paths;
}

/** What a file holds, before it is converted. */
export interface TfjsSummary {
  /** In the order of the file; those of inner models as `model/layer`. */
  readonly layers: readonly { readonly name: string; readonly className: string }[];
  /** Trained numbers and kept statistics; optimizer state is not counted. */
  readonly parameters: number;
}

/** Lists the layers of a parsed `model.json`. Throws what `convertTfjs` throws for a broken file. */
export function summarizeTfjs(document: unknown): TfjsSummary {
  const { topology, manifest } = partsOf(document);
  const weights = readManifest(manifest).entries.filter(({ isOptimizer }) => !isOptimizer);
  return {
    layers: layersOf(readNetwork(topology), ''),
    parameters: weights.reduce((total, { dims }) => total + elementCount(dims), 0),
  };
}

function layersOf(network: Network, prefix: string): TfjsSummary['layers'] {
  return network.layers.flatMap(({ spec: { name, className, network: inner } }) => [
    { name: `${prefix}${name}`, className },
    ...(inner === undefined ? [] : layersOf(inner, `${prefix}${name}/`)),
  ]);
}

function partsOf(document: unknown) {
  if (!isRecord(document)) throw new FleetError('malformed', 'The model.json is no JSON object.');
  const { modelTopology, weightsManifest, format } = document;
  const topology = isRecord(modelTopology) ? modelTopology : document;
  if (format === 'graph-model' || Array.isArray(topology.node)) {
    throw new FleetError(
      'unsupported',
      'This is a GraphModel, a frozen TensorFlow graph; only LayersModels are read. Convert the SavedModel or Keras model that it was made from: "python -m tf2onnx.convert --saved-model FOLDER --output M.onnx", or "tensorflowjs_converter --output_format tfjs_layers_model" and then this.',
    );
  }
  return { topology: topology.model_config ?? topology, manifest: weightsManifest };
}

/** What all layers of one conversion share. */
interface Conversion {
  readonly graph: GraphBuilder;
  readonly layouts: Layouts;
  readonly finder: WeightFinder;
  readonly notes: Set<string>;
  /** Constants of layers by name, so that a shared layer has them once. */
  readonly constants: Map<string, string>;
  /** How many nodes of each kind a layer has. */
  readonly counts: Map<string, number>;
}

function declareInput(graph: GraphBuilder, network: Network, ref: TensorRef): Value {
  const spec = network.layers.find(({ spec }) => spec.name === ref.layer)?.spec;
  if (spec?.className !== 'InputLayer') {
    throw new FleetError('malformed', `The model's input ${ref.layer} is no input layer.`);
  }
  const { config } = spec;
  const key = ['batch_input_shape', 'batch_shape'].find((name) => config.has(name));
  if (key === undefined) {
    const reason = `${describeLayer(spec)} has no batch_input_shape: give the first layer an inputShape.`;
    throw new FleetError('malformed', reason);
  }
  const dims: Dims = config.dims(key);
  const dtype = dtypeOf(spec);
  const sizes = dims.map((size, axis) => size ?? (axis === 0 ? 'N' : `${ref.layer}_${axis}`));
  return { name: graph.input(ref.layer, dtype, sizes), dims, dtype, layout: 'plain' };
}

function dtypeOf({ config, name }: LayerSpec): DType {
  const raw = config.raw('dtype') ?? 'float32';
  if (raw === 'float32' || raw === 'int32' || raw === 'bool' || raw === 'uint8') return raw;
  // Keras 3 writes a policy instead of a type; its inputs are float32 then.
  if (isRecord(raw)) return 'float32';
  const reason = `The input ${name} is of type ${String(raw)}; known are float32, int32, uint8 and bool.`;
  throw new FleetError('unsupported', reason);
}

/** Layer names, or `layer_1` ... for further outputs of one layer. */
function outputNames({ outputs }: Network): readonly string[] {
  return outputs.map(({ layer }, at) => {
    const before = outputs.slice(0, at).filter((other) => other.layer === layer).length;
    return before === 0 ? layer : `${layer}_${before}`;
  });
}

interface NetworkCall {
  readonly network: Network;
  readonly inputs: readonly Value[];
  /** Names of the models around. */
  readonly scope: readonly string[];
}

/** Calls every layer once its inputs are there. */
function runNetwork(conversion: Conversion, call: NetworkCall): readonly Value[] {
  const { network, inputs, scope } = call;
  const given = new Map<string, readonly Value[]>();
  const key = (layer: string, at: number): string => `${at} ${layer}`;
  network.inputs.forEach(({ layer, call: at }, index) => {
    const value = inputs[index];
    if (value !== undefined) given.set(key(layer, at), [value]);
  });
  const read = (ref: TensorRef): Value | undefined =>
    given.get(key(ref.layer, ref.call))?.[ref.output];
  let waiting = network.layers.flatMap(({ spec, calls }) =>
    calls.map((refs, at) => ({ spec, refs, key: key(spec.name, at) })),
  );
  while (waiting.length > 0) {
    const left = waiting.filter(({ spec, refs, key }) => {
      if (given.has(key)) return false;
      const values = refs.map(read);
      if (!values.every((value) => value !== undefined)) return true;
      if (spec.className === 'InputLayer') return false;
      given.set(key, callLayer(conversion, { spec, inputs: values, scope }));
      return false;
    });
    if (left.length === waiting.length) {
      const names = left.map(({ spec }) => spec.name).slice(0, 5);
      throw new FleetError('malformed', `No layer gives what ${names.join(', ')} read.`);
    }
    waiting = left;
  }
  return network.outputs.map((ref) => {
    const value = read(ref);
    if (value !== undefined) return value;
    throw new FleetError('malformed', `The model's output ${ref.layer} does not exist.`);
  });
}

interface LayerCall {
  readonly spec: LayerSpec;
  readonly inputs: readonly Value[];
  readonly scope: readonly string[];
}

function callLayer(conversion: Conversion, call: LayerCall): readonly Value[] {
  const { spec, inputs, scope } = call;
  if (spec.network !== undefined) {
    const inner = [...scope, spec.name];
    return runNetwork(conversion, { network: spec.network, inputs, scope: inner });
  }
  const rule = Object.hasOwn(rules, spec.className) ? rules[spec.className] : undefined;
  if (rule === undefined) {
    throw new FleetError(
      'unsupported',
      `${describeLayer(spec)} has no counterpart here. Replace it by layers of these classes, or convert the model with another tool: ${Object.keys(rules).join(', ')}.`,
      { detail: { layer: spec.name, class: spec.className } },
    );
  }
  const result = rule(siteOf(conversion, call));
  return Array.isArray(result) ? (result as readonly Value[]) : [result as Value];
}

function siteOf(conversion: Conversion, call: LayerCall): Site {
  const { spec, inputs } = call;
  const scope = [...call.scope, spec.name];
  const { graph, layouts, notes } = conversion;
  const nested = (layer: LayerSpec, values: readonly Value[]): LayerCall => ({
    ...{ spec: layer, inputs: values, scope },
  });
  return {
    ...constantsOf(conversion, { spec, scope }),
    ...nodesOf(conversion, scope),
    ...{ graph, inputs, layer: spec, plain: layouts.plain, first: layouts.first },
    get input() {
      return inputs[0] ?? failing(spec, 'malformed')('is called without an input');
    },
    call: (layer, values) => callLayer(conversion, nested(layer, values)),
    within: (layer, values) => siteOf(conversion, nested(layer, values)),
    note: (text) => {
      notes.add(`${describeLayer(spec)} ${text}.`);
    },
    refuse: failing(spec, 'unsupported'),
    malformed: failing(spec, 'malformed'),
  };
}

const failing =
  (spec: LayerSpec, code: 'malformed' | 'unsupported') =>
  (reason: string): never => {
    const detail = { layer: spec.name, class: spec.className };
    throw new FleetError(code, `${describeLayer(spec)} ${reason}.`, { detail });
  };

/** What Keras 3 calls a weight that Keras 2 and tfjs call otherwise. */
const newerNames: Readonly<Record<string, string>> = { depthwise_kernel: 'kernel' };

interface Place {
  readonly spec: LayerSpec;
  readonly scope: readonly string[];
}

function constantsOf(
  { graph, finder, constants }: Conversion,
  { spec, scope }: Place,
): Pick<Site, 'weight' | 'constant'> {
  const fail = failing(spec, 'malformed');
  return {
    weight(name, dims) {
      const newer = Object.hasOwn(newerNames, name) ? newerNames[name] : undefined;
      const found = finder.find(scope, name) ?? (newer && finder.find(scope, newer));
      if (!found) return fail(`has no weight "${name}" in its files`);
      const fits =
        found.dims.length === dims.length &&
        dims.every((size, axis) => size === undefined || size === found.dims[axis]);
      if (found.dtype === 'float32' && fits) return found as Tensor<'float32'>;
      const has = `${found.dtype} [${found.dims.join(', ')}]`;
      return fail(
        `needs its weight "${name}" as float32 [${dims.map((size) => size ?? '?').join(', ')}], but it is ${has}`,
      );
    },
    constant(name, value) {
      const full = [...scope, name].join('/');
      const known = constants.get(full) ?? graph.initializer(full, value);
      constants.set(full, known);
      return known;
    },
  };
}

/** Nodes are named after the layer that they belong to. */
function nodesOf(
  { graph, counts }: Conversion,
  scope: readonly string[],
): Pick<Site, 'op' | 'ops'> {
  const fresh = (op: string): string => {
    const stem = [...scope, op].join('/');
    const count = (counts.get(stem) ?? 0) + 1;
    counts.set(stem, count);
    return count === 1 ? stem : `${stem}_${count}`;
  };
  return {
    op: (op, from, attributes = {}) => graph.op(op, from, { attributes, output: fresh(op) }),
    ops(op, from, { outputs, attributes = {} }) {
      const names = Array.from({ length: outputs }, () => fresh(op));
      graph.ops(op, from, names, { attributes });
      return names;
    },
  };
}
