import { FleetError } from '@edgewise/protocol';
import { createConfig, isRecord } from './config.ts';
import {
  describeLayer,
  type LayerSpec,
  type Network,
  type NetworkLayer,
  type TensorRef,
} from './network.ts';

const modelClasses: ReadonlySet<string> = new Set(['Sequential', 'Functional', 'Model']);

/**
 * Reads the topology of a LayersModel: `{class_name, config}` of a Sequential or functional model,
 * models within models included. Throws `malformed` naming what is missing.
 */
export function readNetwork(topology: unknown): Network {
  const { class_name: className, config } = asRecord(topology, 'The topology');
  if (typeof className !== 'string' || !modelClasses.has(className)) {
    const found = JSON.stringify(className) ?? 'nothing';
    const reason = `The topology is of class ${found}, not Sequential, Functional or Model.`;
    throw new FleetError('malformed', reason);
  }
  return readModel(className, config, 'model');
}

function readModel(className: string, config: unknown, fallbackName: string): Network {
  const fields = Array.isArray(config) ? { layers: config } : asRecord(config, 'The model');
  const name = typeof fields.name === 'string' ? fields.name : fallbackName;
  if (!Array.isArray(fields.layers) || fields.layers.length === 0) {
    throw new FleetError('malformed', `The model ${name} has no layers.`);
  }
  if (className === 'Sequential') return readSequential(name, fields.layers);
  return readFunctional(name, fields);
}

/** Each layer calls the one before it; the first gets an input layer where it has none. */
function readSequential(name: string, list: readonly unknown[]): Network {
  const specs = list.map(readLayer);
  const first = specs[0] as LayerSpec;
  const all = first.className === 'InputLayer' ? specs : [inputFor(first), ...specs];
  assertNamesDiffer(all);
  const refs = all.map(({ name: layer }) => ({ layer, call: 0, output: 0 }));
  return {
    name,
    layers: all.map((spec, at) => ({ spec, calls: [refs.slice(at - 1, at)] })),
    inputs: refs.slice(0, 1),
    outputs: refs.slice(-1),
  };
}

/** The input layer that a Sequential model makes of its first layer. */
function inputFor(first: LayerSpec): LayerSpec {
  const inner = first.network?.inputs[0]?.layer;
  const source = first.network?.layers.find(({ spec }) => spec.name === inner)?.spec ?? first;
  return { ...source, name: `${first.name}_input`, className: 'InputLayer', network: undefined };
}

function readFunctional(name: string, fields: Readonly<Record<string, unknown>>): Network {
  const list = fields.layers as readonly unknown[];
  const read = list.map((item) => ({ spec: readLayer(item), calls: readCalls(item) }));
  assertNamesDiffer(read.map(({ spec }) => spec));
  const refs = (key: string): readonly TensorRef[] => {
    const found = fields[key];
    if (!Array.isArray(found))
      throw new FleetError('malformed', `The model ${name} lacks "${key}".`);
    // A single tensor may stand without the list around it.
    return (typeof found[0] === 'string' ? [found] : found).map(readRef);
  };
  const ends = { inputs: refs('input_layers'), outputs: refs('output_layers') };
  const shifted = shiftedModels(read, ends.outputs);
  const aligned = (ref: TensorRef): TensorRef =>
    shifted.has(ref.layer) ? { ...ref, call: ref.call - 1 } : ref;
  return {
    name,
    layers: read.map(({ spec, calls }) => ({
      spec,
      calls: spec.className === 'InputLayer' ? [[]] : calls.map((call) => call.map(aligned)),
    })),
    inputs: ends.inputs.map(aligned),
    outputs: ends.outputs.map(aligned),
  };
}

/** Inner models whose calls the file counts from 1: older Keras counts their own building as call 0. */
function shiftedModels(
  layers: readonly NetworkLayer[],
  outputs: readonly TensorRef[],
): ReadonlySet<string> {
  const refs = [...layers.flatMap(({ calls }) => calls.flat()), ...outputs];
  const late = layers.filter(
    ({ spec, calls }) =>
      spec.network !== undefined &&
      refs.some(({ layer, call }) => layer === spec.name && call === calls.length),
  );
  return new Set(late.map(({ spec }) => spec.name));
}

/** Reads one `{class_name, config}`, the inner layer of a wrapper too. */
export function readLayer(item: unknown): LayerSpec {
  const { class_name: className, config, name: outer } = asRecord(item, 'A layer');
  if (typeof className !== 'string') {
    throw new FleetError(
      'malformed',
      `A layer has no class: ${JSON.stringify(item).slice(0, 80)}.`,
    );
  }
  const inner = isRecord(config) ? config.name : undefined;
  const name = [inner, outer].find((each) => typeof each === 'string') ?? className.toLowerCase();
  const network = modelClasses.has(className) ? readModel(className, config, name) : undefined;
  const owner = describeLayer({ name, className });
  return { name, className, config: createConfig(config, owner), network };
}

function readCalls(item: unknown): readonly (readonly TensorRef[])[] {
  const nodes = asRecord(item, 'A layer').inbound_nodes ?? [];
  if (!Array.isArray(nodes)) throw new FleetError('malformed', 'A layer has no inbound_nodes.');
  return nodes.map((node: unknown) => {
    if (Array.isArray(node))
      return typeof node[0] === 'string' ? [readRef(node)] : node.map(readRef);
    return historiesIn(asRecord(node, 'An inbound node').args).map(readRef);
  });
}

/** Keras 3 writes a call as its arguments, with the history of each tensor in them. */
function historiesIn(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value.flatMap(historiesIn);
  if (!isRecord(value)) return [];
  const { config } = value;
  const history = isRecord(config) ? config.keras_history : undefined;
  return history === undefined ? [] : [history];
}

function readRef(item: unknown): TensorRef {
  const [layer, call = 0, output = 0] = Array.isArray(item) ? (item as readonly unknown[]) : [];
  if (typeof layer !== 'string' || !Number.isSafeInteger(call) || !Number.isSafeInteger(output)) {
    throw new FleetError('malformed', `${JSON.stringify(item)} names no tensor of a layer.`);
  }
  return { layer, call: Number(call), output: Number(output) };
}

function assertNamesDiffer(specs: readonly LayerSpec[]): void {
  const seen = new Set<string>();
  for (const { name } of specs) {
    if (seen.has(name)) throw new FleetError('malformed', `Two layers are named "${name}".`);
    seen.add(name);
  }
}

function asRecord(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (isRecord(value)) return value;
  throw new FleetError(
    'malformed',
    `${what} is ${JSON.stringify(value)?.slice(0, 40)}, not an object.`,
  );
}
