import { int } from '../../onnx/builder.ts';
import { permuted } from '../../tensor/strided.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { asFloat, plainValue, type Rule, type Site, sizeAt } from '../site.ts';
import { activated } from './activations.ts';

/** A trained bias where the layer has one. */
export function biasOf(site: Site, size: number): Tensor<'float32'> | undefined {
  return site.layer.config.flag('use_bias', true) ? site.weight('bias', [size]) : undefined;
}

/** x W + b over the last axis. */
const dense: Rule = (site) => {
  const { layer } = site;
  const input = asFloat(site, site.input);
  const units = layer.config.number('units');
  const features = sizeAt(site, input, -1);
  const kernel = site.weight('kernel', [features, units]);
  const bias = biasOf(site, units);
  const dims = [...input.dims.slice(0, -1), units];
  const isFlat = dims.length === 2;
  const weight = site.constant('kernel', isFlat ? permuted(kernel, [1, 0]) : kernel);
  const offset = bias === undefined ? [] : [site.constant('bias', bias)];
  const plain = site.plain(input);
  const product = isFlat
    ? site.op('Gemm', [plain, weight, ...offset], { transB: int(1) })
    : site.op('MatMul', [plain, weight]);
  const name = isFlat || offset.length === 0 ? product : site.op('Add', [product, ...offset]);
  return activated(site, { ...plainValue(name, dims), mask: input.mask });
};

/** Rows of a table by number. Numbers that are not whole are cut off, as tfjs does. */
const embedding: Rule = (site) => {
  const { input, layer, graph } = site;
  const size = layer.config.number('output_dim');
  const table = site.weight('embeddings', [layer.config.number('input_dim'), size]);
  const plain = site.plain(input);
  const numbers = input.dtype === 'int32' ? plain : site.op('Cast', [plain], { to: int(6) });
  const rows = site.op('Gather', [site.constant('embeddings', table), numbers], { axis: int(0) });
  const value = plainValue(rows, [...input.dims, size]);
  if (!layer.config.flag('mask_zero', false)) return value;
  const zero = graph.constant(tensor('int32', [], new Int32Array(1)));
  return { ...value, mask: site.op('Not', [site.op('Equal', [numbers, zero])]) };
};

/** Layers with one matrix. */
export const denseRules: Readonly<Record<string, Rule>> = { Dense: dense, Embedding: embedding };
