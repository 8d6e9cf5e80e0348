import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { tensor } from '@edgewise/models/tensor';
import { FleetError } from '@edgewise/protocol';
import sharp from 'sharp';
import type { Samples } from './samples.ts';

/** Whether a file is a picture by its name. */
export const isPicture = (file: string): boolean =>
  /\.(png|jpe?g|webp|gif|tiff?|avif)$/i.test(file);

interface Picture {
  readonly file: string;
  readonly label: number;
}

/**
 * A folder with one folder of images for each class; names in alphabetical order are the classes.
 * All images must have the size of the first; grey ones have one channel, all others three.
 * Throws `invalid-argument` and names the file that does not fit.
 */
export async function readImageFolder(
  folder: string,
): Promise<{ readonly samples: Samples; readonly classes: readonly string[] }> {
  const { classes, files } = await listPictures(folder);
  const [first] = files;
  if (first === undefined) {
    throw misuse('There are no images; put them into one folder for each class.');
  }
  const { width, height, channels } = await sizeOf(first.file);
  const size = width * height * channels;
  const data = new Uint8Array(files.length * size);
  for (const [at, { file }] of files.entries()) {
    const pixels = await readPixels(file, channels);
    if (pixels.info.width !== width || pixels.info.height !== height) {
      throw misuse(
        `${file} has ${pixels.info.width} x ${pixels.info.height} pixels, ${first.file} has ${width} x ${height}; scale them to one size first.`,
      );
    }
    data.set(pixels.data, at * size);
  }
  return {
    classes,
    samples: {
      inputs: tensor('uint8', [files.length, height, width, channels], data),
      labels: Int32Array.from(files, ({ label }) => label),
    },
  };
}

async function listPictures(
  folder: string,
): Promise<{ readonly classes: readonly string[]; readonly files: readonly Picture[] }> {
  const entries = await readdir(folder, { withFileTypes: true });
  const classes = entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
  if (classes.length < 2) {
    throw misuse(
      `It holds ${classes.length} folders; a classification needs one folder of images for each of at least two classes.`,
    );
  }
  const files: Picture[] = [];
  for (const [label, name] of classes.entries()) {
    const found = (await readdir(path.join(folder, name))).filter(isPicture).sort();
    files.push(...found.map((file) => ({ file: path.join(folder, name, file), label })));
  }
  return { classes, files };
}

async function sizeOf(
  file: string,
): Promise<{ readonly width: number; readonly height: number; readonly channels: 1 | 3 }> {
  const { width, height, channels } = await sharp(file)
    .metadata()
    .catch((cause) => {
      throw misuse(`${file} is no image that can be read.`, cause);
    });
  return { width, height, channels: channels <= 2 ? 1 : 3 };
}

function readPixels(file: string, channels: 1 | 3) {
  const image = sharp(file).removeAlpha();
  return (channels === 1 ? image.grayscale() : image.toColourspace('srgb'))
    .raw()
    .toBuffer({ resolveWithObject: true })
    .catch((cause) => {
      throw misuse(`${file} is no image that can be read.`, cause);
    });
}

function misuse(reason: string, cause?: unknown): FleetError {
  return new FleetError('invalid-argument', reason, { cause });
}
