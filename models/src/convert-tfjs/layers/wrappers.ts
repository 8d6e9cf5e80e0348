import { int } from '../../onnx/builder.ts';
import { isRecord } from '../config.ts';
import type { LayerSpec } from '../network.ts';
import { readLayer } from '../read-network.ts';
import { plainValue, type Rule, type Site } from '../site.ts';
import type { Value } from '../value.ts';
import { runSteps } from './recurrent.ts';

/** A layer for each step: steps and samples become one axis for it. */
const timeDistributed: Rule = (site) => {
  const { input, layer, graph } = site;
  const [batch, steps, ...inner] = input.dims;
  const sizes = (dims: Value['dims']): readonly number[] =>
    dims.map((size) => size ?? site.refuse('needs a fixed inputShape'));
  const merged = site.op('Reshape', [site.plain(input), graph.ints([-1, ...sizes(inner)])]);
  const call = plainValue(merged, [undefined, ...inner], input.dtype);
  const [result = call] = site.call(readLayer(layer.config.raw('layer')), [call]);
  const after = result.dims.slice(1);
  const shape = graph.ints([-1, ...sizes([steps]), ...sizes(after)]);
  const name = site.op('Reshape', [site.plain(result), shape]);
  return { ...plainValue(name, [batch, steps, ...after], result.dtype), mask: input.mask };
};

/** The two layers that a Bidirectional layer makes of its one. */
function directions(site: Site): readonly [LayerSpec, LayerSpec] {
  const source = site.layer.config.raw('layer');
  const { class_name, config } = isRecord(source) ? source : {};
  const fields = isRecord(config) ? config : site.malformed('holds no layer');
  // Keras 3 has the prefix in the name already.
  const stem = String(fields.name).replace(/^forward_/, '');
  const made = (prefix: string, changes: object): LayerSpec =>
    readLayer({ class_name, config: { ...fields, ...changes, name: `${prefix}_${stem}` } });
  return [made('forward', {}), made('backward', { go_backwards: fields.go_backwards !== true })];
}

type Merge = (site: Site, forward: Value, backward: Value) => Value | readonly Value[];

const by =
  (op: string): Merge =>
  (site, forward, backward) => ({ ...forward, name: site.op(op, [forward.name, backward.name]) });

const merges: Readonly<Record<string, Merge>> = {
  sum: by('Add'),
  mul: by('Mul'),
  ave(site, forward, backward) {
    const total = site.op('Add', [forward.name, backward.name]);
    return { ...forward, name: site.op('Mul', [total, site.graph.scalar(0.5)]) };
  },
  concat(site, forward, backward) {
    const name = site.op('Concat', [forward.name, backward.name], { axis: int(-1) });
    const units = (forward.dims.at(-1) ?? 0) + (backward.dims.at(-1) ?? 0);
    return { ...forward, name, dims: forward.dims.with(-1, units) };
  },
  apart: (_, forward, backward) => [forward, backward],
};

/** A recurrent layer over the steps in both directions; both give outputs in the order of the steps. */
const bidirectional: Rule = (site) => {
  const [input, ...starts] = site.inputs;
  if (input === undefined) return site.malformed('is called without an input');
  const half = starts.length / 2;
  const [there, back] = directions(site).map((layer, at) =>
    runOneWay(site, layer, [input, ...starts.slice(at * half, (at + 1) * half)]),
  );
  if (there === undefined || back === undefined) return site.malformed('holds no layer');
  const mode = site.layer.config.has('merge_mode')
    ? site.layer.config.word('merge_mode', 'concat')
    : 'apart';
  const merge = Object.hasOwn(merges, mode) ? merges[mode] : undefined;
  if (merge === undefined) return site.malformed(`"merge_mode" is ${mode}`);
  const merged = merge(site, there.output, back.output);
  const outputs = Array.isArray(merged) ? (merged as readonly Value[]) : [merged as Value];
  return there.returnsState ? [...outputs, ...there.states, ...back.states] : outputs;
};

function runOneWay(site: Site, layer: LayerSpec, inputs: readonly Value[]) {
  const inner = site.within(layer, inputs);
  const { sequence, states } = runSteps(inner);
  const { config } = layer;
  const [last = sequence] = states;
  const output = config.flag('return_sequences', false) ? sequence : last;
  return { output, states, returnsState: config.flag('return_state', false) };
}

/** Layers around another layer. */
export const wrapperRules: Readonly<Record<string, Rule>> = {
  TimeDistributed: timeDistributed,
  Bidirectional: bidirectional,
};
