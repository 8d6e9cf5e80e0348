import type { Site } from './site.ts';
import type { Dims, Value } from './value.ts';

/** A tensor with its channels second, as ONNX's windows want it. */
export interface Channelled {
  readonly name: string;
  /** `[batch, channels, ...spatial]`. */
  readonly dims: Dims;
}

const isFirst = ({ layer }: Site): boolean =>
  layer.config.word('data_format', 'channels_last') === 'channelsfirst';

/** The layer's input with its channels second, wherever the layer's `data_format` has them. */
export function channelled(site: Site, rank: number, value: Value = site.input): Channelled {
  const { dims } = value;
  if (dims.length !== rank) {
    site.malformed(`takes ${rank} axes, but gets [${dims.map((size) => size ?? '?').join(', ')}]`);
  }
  if (isFirst(site)) return { name: site.plain(value), dims };
  return { name: site.first(value), dims: [dims[0], dims.at(-1), ...dims.slice(1, -1)] };
}

/** The layer's output from a value with its channels second. */
export function unchannelled(site: Site, { name, dims }: Channelled): Value {
  if (isFirst(site)) return { name, dims, layout: 'plain', dtype: 'float32' };
  const [batch, channels, ...spatial] = dims;
  return { name, dims: [batch, ...spatial, channels], layout: 'first', dtype: 'float32' };
}
