import { checkGraph } from './check-graph.ts';
import { decodeModel, type ReadOptions } from './decode.ts';
import type { Model } from './graph.ts';
import { inlineFunctions } from './inline-functions.ts';

/** The first version in which a constant need not be listed as an input (ONNX IR, "Graphs"). */
const constantsStandAlone = 4;

/**
 * The model in the bytes of an ONNX file. Constants view the file's bytes where their alignment
 * allows; sparse ones become dense, and calls of functions are replaced by what they call. Fields
 * that we do not know are skipped; comments (`doc_string`) are dropped.
 * Throws `FleetError`: `malformed` for a broken file, as `checkGraph` does for a broken graph, and
 * `unsupported` for what we cannot carry.
 */
export function readModel(bytes: Uint8Array, options: ReadOptions = {}): Model {
  const decoded = inlineFunctions(decodeModel(bytes, options), options);
  return checkGraph(withoutConstantInputs(decoded));
}

/** Up to IR version 3 constants are inputs as well, and no caller may give them another value. */
function withoutConstantInputs(model: Model): Model {
  if (model.irVersion >= constantsStandAlone) return model;
  const { graph } = model;
  const inputs = graph.inputs.filter(({ name }) => !graph.initializers.has(name));
  return { ...model, irVersion: constantsStandAlone, graph: { ...graph, inputs } };
}
