import { int } from '../../onnx/builder.ts';
import { channelled, unchannelled } from '../image.ts';
import { asFloat, plainValue, type Rule } from '../site.ts';
import { slide } from './window.ts';

function pool(op: 'MaxPool' | 'AveragePool', axes: number): Rule {
  return (site) => {
    const { config } = site.layer;
    const image = channelled(site, axes + 2, asFloat(site, site.input));
    const kernel = config.sizes('pool_size', axes, 2);
    const strides = config.has('strides') ? config.sizes('strides', axes) : kernel;
    const window = { kernel, strides, dilations: kernel.map(() => 1) };
    const { dims, attributes } = slide(site, image.dims.slice(2), window);
    // tfjs leaves padded cells out of the mean, which is ONNX's default too.
    const name = site.op(op, [image.name], attributes);
    return unchannelled(site, { name, dims: [...image.dims.slice(0, 2), ...dims] });
  };
}

function globalPool(op: 'GlobalMaxPool' | 'GlobalAveragePool', axes: number): Rule {
  return (site) => {
    if (site.input.mask !== undefined) {
      site.refuse(
        'gets a mask, which Keras applies and tfjs refuses; take maskZero or Masking out',
      );
    }
    if (site.layer.config.flag('keepdims', false))
      site.refuse('keeps its axes; set keepdims to false');
    const image = channelled(site, axes + 2, asFloat(site, site.input));
    const name = site.op('Flatten', [site.op(op, [image.name])], { axis: int(1) });
    return plainValue(name, image.dims.slice(0, 2));
  };
}

/** Layers that take one number from each window. */
export const poolRules: Readonly<Record<string, Rule>> = {
  MaxPooling1D: pool('MaxPool', 1),
  MaxPooling2D: pool('MaxPool', 2),
  AveragePooling1D: pool('AveragePool', 1),
  AveragePooling2D: pool('AveragePool', 2),
  GlobalMaxPooling1D: globalPool('GlobalMaxPool', 1),
  GlobalMaxPooling2D: globalPool('GlobalMaxPool', 2),
  GlobalAveragePooling1D: globalPool('GlobalAveragePool', 1),
  GlobalAveragePooling2D: globalPool('GlobalAveragePool', 2),
};
