import { documentReader, FleetError } from '@edgewise/protocol';
import { type Static, Type } from 'typebox';
import type { Io } from '../io.ts';
import { naming, readNamedFile } from '../named-file.ts';

const PerChannel = Type.Union([
  Type.Number(),
  Type.Array(Type.Number(), { minItems: 1, maxItems: 4 }),
]);

/** How pixels from 0 to 255 become numbers: (pixel * scale - mean) / std. */
export const Preprocessing = Type.Object(
  {
    /** Default 1. */
    scale: Type.Optional(Type.Number()),
    /** One number, or one for each channel; default 0. */
    mean: Type.Optional(PerChannel),
    /** Default 1. */
    std: Type.Optional(PerChannel),
    /** Order of the channels; default `rgb`. */
    channels: Type.Optional(Type.Enum(['rgb', 'bgr'])),
    /** `stretch` (default), `cover` cuts what juts out, `contain` fills with black. */
    resize: Type.Optional(Type.Enum(['stretch', 'cover', 'contain'])),
    /** Height and width, where the model leaves them open. */
    size: Type.Optional(Type.Tuple([Type.Integer({ minimum: 1 }), Type.Integer({ minimum: 1 })])),
    /** Where the channels are, where the model does not tell; default by the place of 1, 3 or 4. */
    layout: Type.Optional(Type.Enum(['chw', 'hwc'])),
  },
  { additionalProperties: false },
);
export type Preprocessing = Static<typeof Preprocessing>;

/** Usual ways, by name. */
export const preprocessings: Readonly<Record<string, Preprocessing>> = {
  raw: {},
  unit: { scale: 1 / 255 },
  signed: { scale: 1 / 127.5, mean: 1 },
  imagenet: {
    ...{ scale: 1 / 255, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
    resize: 'cover',
  },
};

const names = Object.keys(preprocessings).join(', ');
/** Larger files are no preprocessing. */
const mostBytes = 65_536;
const read = documentReader(Preprocessing);

/**
 * A preprocessing by its name or from a JSON file. Throws `invalid-argument` when nobody declared
 * one, and what is wrong with the file.
 */
export async function preprocessingOf(
  io: Io,
  declared: string | undefined,
): Promise<Preprocessing> {
  if (declared === undefined) {
    throw new FleetError(
      'invalid-argument',
      `Say with --preprocess how pixels become numbers: ${names}, or a JSON file such as {"scale": 0.00392, "mean": [0.5, 0.5, 0.5], "std": 0.5, "resize": "cover"}.`,
    );
  }
  const known = preprocessings[declared];
  if (known !== undefined) return known;
  const bytes = await readNamedFile(io, declared).catch((thrown: unknown) => {
    if (FleetError.from(thrown).code !== 'not-found') throw thrown;
    throw new FleetError('invalid-argument', `"${declared}" is no file and none of ${names}.`);
  });
  return naming(declared, () => read(bytes, mostBytes));
}
