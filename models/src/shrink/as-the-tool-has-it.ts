import { checkGraph } from '../onnx/check-graph.ts';
import type { Model } from '../onnx/graph.ts';
import { inferShapes } from '../onnx/shapes/infer.ts';
import { upgradeOpset } from '../onnx/upgrade/upgrade.ts';
import { toFloat32 } from './to-float32.ts';

/** `quantize_static` raises an older model to this operator set by itself. */
const leastToolOpset = 11;

/** Scales per channel need this operator set; so does what `upgradeOpset` writes. */
const channelOpset = 13;

/** The operator set in which onnxruntime's Python tool sees a model. */
export const toolOpset = ({ opsets }: Model): number =>
  Math.max(opsets.get('') ?? 0, leastToolOpset);

/**
 * The float graph as onnxruntime's Python tool calibrates and quantizes it: nothing folded, bridged
 * or lifted. Only an operator set in which the int8 graph cannot be written is raised.
 * Throws `FleetError` `malformed` as `checkGraph` does, and as `upgradeOpset` does.
 */
export function asTheToolHasIt(
  model: Model,
  { perChannel }: { readonly perChannel: boolean },
): Model {
  const opset = model.opsets.get('') ?? 0;
  const plain = toFloat32(checkGraph(model));
  const isOld = opset < (perChannel ? channelOpset : leastToolOpset);
  return inferShapes(isOld ? upgradeOpset(plain, channelOpset) : plain);
}
