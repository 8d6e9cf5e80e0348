import { FleetError } from '@edgewise/protocol';
import type { ReadSamples } from '../datasets/read-files.ts';
import { decodeSamples, encodeSamples } from '../datasets/samples.ts';

/**
 * Gives samples whose data name their classes the numbers that `wanted` gives those names: a file
 * counts only its own. Throws `invalid-argument` with the name that is not among them.
 */
export function alignClasses(samples: ReadSamples, wanted: readonly string[]): ReadSamples {
  const { classes } = samples;
  if (classes === undefined || classes.join('\n') === wanted.join('\n')) {
    return { ...samples, classes: wanted };
  }
  const numbers = classes.map((name) => {
    const number = wanted.indexOf(name);
    if (number >= 0) return number;
    throw new FleetError(
      'invalid-argument',
      `"${name}" is none of the classes ${wanted.join(', ')}; a new data set takes its classes from --classes or its first import.`,
    );
  });
  const { inputs, labels } = decodeSamples(samples.npz);
  const renumbered = labels.map((label) => numbers[label] ?? label);
  return {
    ...samples,
    classes: wanted,
    npz: encodeSamples({ inputs, labels: renumbered }),
  };
}
