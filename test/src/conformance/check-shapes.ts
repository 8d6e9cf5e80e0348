import { type Initializer, inferShapes, type Model, valueInfoOf } from '@edgewise/models/onnx';
import type { ExpectedRun, OperatorCase } from './operator-cases.ts';

/** `unknown`: nothing wrong was said, but not every type and size was told. */
export type ShapeResult = 'passed' | 'unknown' | 'wrong';

/**
 * Infers types and sizes of a case's outputs, which are hidden first, and compares them with the
 * outputs it expects. Inputs after the first that are numbers or lists are given as constants, as
 * exporters give sizes, axes and scales.
 */
export function checkShapes(one: OperatorCase): ShapeResult {
  const results = one.runs.map((run) => checkRun(one.model, run));
  if (results.includes('wrong')) return 'wrong';
  return results.includes('unknown') ? 'unknown' : 'passed';
}

function checkRun(model: Model, run: ExpectedRun): ShapeResult {
  const { graph } = inferShapes(bare(model, run));
  const parts = [...run.outputs].map(([name, expected]): ShapeResult => {
    const told = valueInfoOf(graph, name);
    if (expected === undefined) return told?.dims === undefined ? 'unknown' : 'wrong';
    return compare(told ?? { dtype: undefined, dims: undefined }, expected);
  });
  if (parts.includes('wrong')) return 'wrong';
  return parts.includes('unknown') ? 'unknown' : 'passed';
}

function compare(
  told: Pick<NonNullable<ReturnType<typeof valueInfoOf>>, 'dtype' | 'dims'>,
  expected: Initializer,
): ShapeResult {
  const { dtype, dims } = told;
  if (dtype !== undefined && dtype !== expected.dtype) return 'wrong';
  if (dims !== undefined && dims.length !== expected.dims.length) return 'wrong';
  const differs = dims?.some(
    (size, axis) => typeof size === 'number' && size !== expected.dims[axis],
  );
  if (differs === true) return 'wrong';
  const whole = dims?.every((size) => typeof size === 'number') === true;
  return whole && dtype !== undefined ? 'passed' : 'unknown';
}

/** Operators whose first input is a size as well. */
const takesSizes: ReadonlySet<string> = new Set([
  ...[
    'BlackmanWindow',
    'ConstantOfShape',
    'HammingWindow',
    'HannWindow',
    'MelWeightMatrix',
    'Range',
  ],
]);

/** The model as a user's file might be: inputs of known sizes, nothing said of what follows. */
function bare(model: Model, run: ExpectedRun): Model {
  const { graph } = model;
  const initializers = new Map(graph.initializers);
  const first = graph.nodes.find(({ op }) => op !== 'Constant')?.op ?? '';
  const inputs = graph.inputs.flatMap((input, at) => {
    const value = run.inputs.get(input.name);
    if (value === undefined) return [input];
    if ((at > 0 || takesSizes.has(first)) && value.dims.length < 2) {
      initializers.set(input.name, value);
      return [];
    }
    return [{ ...input, dims: value.dims }];
  });
  const outputs = graph.outputs.map(({ name }) => ({ name, dtype: undefined, dims: undefined }));
  return { ...model, graph: { ...graph, inputs, outputs, initializers, values: new Map() } };
}
