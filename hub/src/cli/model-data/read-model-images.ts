import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { SessionValue } from '@edgewise/models/runtime';
import type { Tensor } from '@edgewise/models/tensor';
import { FleetError } from '@edgewise/protocol';
import sharp from 'sharp';
import { isPicture } from '../../datasets/read-images.ts';
import type { Io } from '../io.ts';
import type { FoundArrays } from './found-arrays.ts';
import { type Preprocessing, preprocessingOf } from './preprocessing.ts';

/** Sizes of one picture as a model wants it. */
interface Form {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly layout: 'chw' | 'hwc';
}

/**
 * A folder of images, or of one folder for each class, as the only input of a model. Throws
 * `invalid-argument` for a model without an input of pictures and names files that are none.
 */
export async function readModelImages(
  io: Io,
  folder: string,
  options: {
    readonly inputs: readonly SessionValue[];
    readonly preprocessing?: string;
    readonly limit: number;
  },
): Promise<FoundArrays> {
  const preprocessing = await preprocessingOf(io, options.preprocessing);
  const [input, second] = options.inputs;
  if (input === undefined || second !== undefined) {
    throw misuse(`A folder of images serves a model with one input, not ${options.inputs.length}.`);
  }
  const form = formOf(input, preprocessing);
  const all = await listPictures(folder);
  const count = Math.min(all.length, options.limit);
  const chosen = Array.from(
    { length: count },
    (_, at) => all[Math.floor((at * all.length) / count)] as Picture,
  );
  const size = form.height * form.width * form.channels;
  const isByte = input.dtype === 'uint8';
  if (!isByte && input.dtype !== 'float32') {
    throw misuse(`"${input.name}" takes ${input.dtype}; pictures give uint8 or float32.`);
  }
  const data = isByte ? new Uint8Array(count * size) : new Float32Array(count * size);
  for (const [at, { file }] of chosen.entries()) {
    if (at % 50 === 49) io.progress(`Reading images: ${at + 1} of ${count}`);
    write(data.subarray(at * size, (at + 1) * size), await pixelsOf(file, form, preprocessing), {
      form,
      preprocessing,
    });
  }
  const inner =
    form.layout === 'chw'
      ? [form.channels, form.height, form.width]
      : [form.height, form.width, form.channels];
  const array = { dtype: input.dtype, dims: [count, ...inner], data } as Tensor;
  const labelled = chosen.every(({ label }) => label !== undefined);
  return {
    fitted: true,
    arrays: new Map([[input.name, array]]),
    ...(labelled && { labels: chosen.map(({ label }) => label ?? 0) }),
  };
}

function formOf({ name, dims }: SessionValue, preprocessing: Preprocessing): Form {
  if (dims.length !== 4) {
    throw misuse(`"${name}" has ${dims.length} sizes; pictures need [batch, ...] of four.`);
  }
  const isChannels = (size: number | undefined): boolean => size === 1 || size === 3;
  const layout = preprocessing.layout ?? (isChannels(dims[1]) ? 'chw' : 'hwc');
  const [channels, height, width] =
    layout === 'chw' ? [dims[1], dims[2], dims[3]] : [dims[3], dims[1], dims[2]];
  const size = preprocessing.size;
  const form = { channels, height: height ?? size?.[0], width: width ?? size?.[1], layout };
  if (!isChannels(form.channels)) {
    throw misuse(`"${name}" takes ${form.channels ?? 'unknown'} channels; pictures have 1 or 3.`);
  }
  if (form.height === undefined || form.width === undefined) {
    throw misuse(
      `"${name}" leaves height and width open; give "size": [height, width] in a JSON file with --preprocess, or fix them: --shape ${exampleShape(name, form)}.`,
    );
  }
  return form as Form;
}

/** Sizes as far as a model says them. */
type OpenForm = { readonly [K in keyof Form]: Form[K] | undefined };

/** How a usual size would be fixed on the command line. */
function exampleShape(name: string, open: OpenForm): string {
  const { channels = 3, height = 224, width = 224, layout } = open;
  const sizes = layout === 'hwc' ? [height, width, channels] : [channels, height, width];
  return `${name}=?,${sizes.join(',')}`;
}

interface Picture {
  readonly file: string;
  readonly label?: number;
}

async function listPictures(folder: string): Promise<readonly Picture[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const inside = async (place: string): Promise<readonly string[]> =>
    (await readdir(place))
      .filter(isPicture)
      .sort()
      .map((name) => path.join(place, name));
  const direct = await inside(folder);
  if (direct.length > 0) return direct.map((file) => ({ file }));
  const classes = entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
  const found: Picture[] = [];
  for (const [label, name] of classes.entries()) {
    for (const file of await inside(path.join(folder, name))) found.push({ file, label });
  }
  if (found.length === 0) throw new FleetError('insufficient-data', `${folder} holds no images.`);
  return found;
}

const fits = { stretch: 'fill', cover: 'cover', contain: 'contain' } as const;

async function pixelsOf(file: string, form: Form, { resize }: Preprocessing): Promise<Uint8Array> {
  try {
    const image = sharp(file)
      .rotate()
      .removeAlpha()
      .resize(form.width, form.height, { fit: fits[resize ?? 'stretch'] });
    const toned = form.channels === 1 ? image.grayscale() : image.toColourspace('srgb');
    return await toned.raw().toBuffer();
  } catch (cause) {
    throw misuse(`${file} is no image that can be read.`, cause);
  }
}

function write(
  to: Uint8Array | Float32Array,
  pixels: Uint8Array,
  { form, preprocessing }: { readonly form: Form; readonly preprocessing: Preprocessing },
): void {
  const { channels, layout } = form;
  const area = form.height * form.width;
  const { scale = 1, mean = 0, std = 1 } = preprocessing;
  const at = (value: number | readonly number[], channel: number): number =>
    typeof value === 'number' ? value : (value[channel] ?? value[0] ?? 0);
  for (let channel = 0; channel < channels; channel++) {
    const source = preprocessing.channels === 'bgr' ? channels - 1 - channel : channel;
    const [offset, divisor] = [at(mean, channel), at(std, channel)];
    for (let place = 0; place < area; place++) {
      const value = ((pixels[place * channels + source] ?? 0) * scale - offset) / divisor;
      to[layout === 'chw' ? channel * area + place : place * channels + channel] = value;
    }
  }
}

const misuse = (reason: string, cause?: unknown): FleetError =>
  new FleetError('invalid-argument', reason, { cause });
