import Type, { type TSchema } from 'typebox';
import { type LayerCall, type LayerKind, layerKind, type Misfit } from './layer.ts';

/** A layer within a residual block. */
export interface InnerLayer {
  readonly kind: string;
}

/**
 * A block whose output is its input plus what its layers make of it (He et al. 2016); made from the
 * table of the kinds that may be inside.
 */
export function residualOf(kinds: Readonly<Record<string, { readonly schema: TSchema }>>) {
  const schemas = Object.values(kinds).map(({ schema }) => schema);
  const kindOf = (layer: InnerLayer) => kinds[layer.kind] as unknown as LayerKind;
  const inside = (layers: readonly InnerLayer[], dims: readonly number[]) => {
    const sizes = [dims];
    for (const [at, layer] of layers.entries()) {
      const next = kindOf(layer).resize(layer, sizes[at] ?? []);
      if ('misfit' in next) return { misfit: `its layer ${at} (${layer.kind}): ${next.misfit}` };
      sizes.push(next);
    }
    return sizes;
  };
  return layerKind({
    schema: Type.Object(
      {
        kind: Type.Literal('residual'),
        layers: Type.Array(Type.Unsafe<InnerLayer>(Type.Union(schemas)), {
          minItems: 1,
          maxItems: 100,
        }),
      },
      { additionalProperties: false },
    ),
    resize({ layers }, dims): readonly number[] | Misfit {
      const sizes = inside(layers, dims);
      if ('misfit' in sizes) return sizes;
      const last = sizes.at(-1) ?? [];
      if (last.join() === dims.join()) return dims;
      const [from, to] = [dims, last].map((list) => `[${list.join(', ')}]`);
      return { misfit: `its layers turn ${from} into ${to}, which cannot be added` };
    },
    parameters({ layers }, dims) {
      const sizes = inside(layers, dims) as readonly (readonly number[])[];
      return layers.flatMap((layer, at) =>
        (kindOf(layer).parameters?.(layer, sizes[at] ?? []) ?? []).map((parameter) => ({
          ...parameter,
          name: innerName(layer, at, parameter.name),
        })),
      );
    },
    write({ layers }, call) {
      const sizes = inside(layers, call.dims) as readonly (readonly number[])[];
      let { input } = call;
      for (const [at, layer] of layers.entries()) {
        const kind = kindOf(layer);
        if (call.mode === 'inference' && kind.onlyInTraining === true) continue;
        const inner: LayerCall = {
          ...{ ...call, input, dims: sizes[at] ?? [] },
          output: `${call.output}_${layer.kind}${at}`,
          parameter: (name) => call.parameter(innerName(layer, at, name)),
        };
        kind.write(layer, inner);
        input = inner.output;
      }
      call.graph.op('Add', [call.input, input], { output: call.output });
    },
  });
}

const innerName = ({ kind }: InnerLayer, at: number, name: string): string =>
  `${kind}${at}.${name}`;
