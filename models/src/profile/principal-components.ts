import { FleetError } from '@edgewise/protocol';
import type { Tensor } from '../tensor/tensor.ts';
import { orthonormalize, symmetricEigen } from './eigen.ts';

/** Principal components that are whitened: `(x - mean) * weights` has variance 1 in every column. */
export interface PrincipalComponents {
  /** [values]. */
  readonly mean: Float32Array;
  /** [values, components], row-major; the largest entry of each column is positive. */
  readonly weights: Float32Array;
  readonly components: number;
  /** Share of the variance that each component explains, 0 to 1, falling. */
  readonly explained: readonly number[];
}

/**
 * The first principal components of samples [n, ...values]: subspace iteration on the covariance
 * with a Rayleigh-Ritz step (Golub and Van Loan, Matrix Computations, 8.2.4), in double precision.
 * Directions without variance are left out, so there may be fewer than `components`.
 * Throws `insufficient-data` for fewer than two samples.
 */
export function fitPrincipalComponents(
  samples: Tensor<'float32'>,
  options: { readonly components: number },
): PrincipalComponents {
  const [n = 0] = samples.dims;
  if (n < 2) throw new FleetError('insufficient-data', 'Components need at least two samples.');
  const width = samples.data.length / n;
  const mean = meanOf(samples.data, n, width);
  const covariance = covarianceOf(samples.data, mean);
  const total = trace(covariance, width);
  const found = leadingEigen(covariance, width, Math.min(width, options.components));
  const floor = Math.max(total * smallestShare, dot(mean, mean) * float32Resolution ** 2);
  const kept = found.filter(({ value }) => value > floor);
  const weights = new Float32Array(width * kept.length);
  kept.forEach(({ value, vector }, column) => {
    const scale = signOf(vector) / Math.sqrt(value);
    for (let row = 0; row < width; row++) {
      weights[row * kept.length + column] = (vector[row] ?? 0) * scale;
    }
  });
  return {
    mean: Float32Array.from(mean),
    weights,
    components: kept.length,
    explained: kept.map(({ value }) => value / total),
  };
}

/** Below this share a direction is rounding, and whitening would blow it up. */
const smallestShare = 1e-6;

/** What rounding to float32 leaves of a relative difference. */
const float32Resolution = 2 ** -22;

interface Eigen {
  readonly value: number;
  readonly vector: Float64Array;
}

const rounds = 60;

function leadingEigen(matrix: Float64Array, width: number, wanted: number): readonly Eigen[] {
  const size = Math.min(width, wanted + 4);
  let basis = orthonormalize(startingVectors(width, size));
  for (let round = 0; round < rounds; round++) {
    basis = orthonormalize(basis.map((vector) => multiply(matrix, vector)));
  }
  const images = basis.map((vector) => multiply(matrix, vector));
  const small = new Float64Array(size * size);
  basis.forEach((left, row) => {
    images.forEach((image, column) => {
      small[row * size + column] = dot(left, image);
    });
  });
  return symmetricEigen(small, size)
    .slice(0, wanted)
    .map(({ value, vector }) => ({ value, vector: combine(basis, vector) }));
}

/** Fixed vectors without a pattern that data could be blind to. */
function startingVectors(width: number, size: number): readonly Float64Array[] {
  return Array.from({ length: size }, (_, index) =>
    Float64Array.from({ length: width }, (__, row) =>
      Math.sin((row + 1) * (index + 1) * 1.6180339),
    ),
  );
}

function meanOf(data: Float32Array, n: number, width: number): Float64Array {
  const mean = new Float64Array(width);
  data.forEach((value, index) => {
    mean[index % width] = (mean[index % width] ?? 0) + value / n;
  });
  return mean;
}

function covarianceOf(data: Float32Array, mean: Float64Array): Float64Array {
  const width = mean.length;
  const sums = new Float64Array(width * width);
  const row = new Float64Array(width);
  const n = data.length / width;
  for (let start = 0; start < data.length; start += width) {
    for (let at = 0; at < width; at++) row[at] = (data[start + at] ?? 0) - (mean[at] ?? 0);
    addOuter(sums, row, 1 / n);
  }
  return sums;
}

function addOuter(sums: Float64Array, row: Float64Array, weight: number): void {
  const width = row.length;
  for (let i = 0; i < width; i++) {
    const left = (row[i] ?? 0) * weight;
    // Activations after a ReLU are often zero.
    if (left === 0) continue;
    for (let j = 0; j < width; j++) {
      sums[i * width + j] = (sums[i * width + j] ?? 0) + left * (row[j] ?? 0);
    }
  }
}

function trace(matrix: Float64Array, width: number): number {
  let sum = 0;
  for (let index = 0; index < width; index++) sum += matrix[index * (width + 1)] ?? 0;
  return sum;
}

function multiply(matrix: Float64Array, vector: Float64Array): Float64Array {
  const width = vector.length;
  return vector.map((_, row) => dot(matrix.subarray(row * width, (row + 1) * width), vector));
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += (a[index] ?? 0) * (b[index] ?? 0);
  return sum;
}

function combine(basis: readonly Float64Array[], weights: Float64Array): Float64Array {
  const sum = new Float64Array(basis[0]?.length ?? 0);
  basis.forEach((vector, index) => {
    const weight = weights[index] ?? 0;
    for (let row = 0; row < sum.length; row++) {
      sum[row] = (sum[row] ?? 0) + weight * (vector[row] ?? 0);
    }
  });
  return sum;
}

/** An eigenvector's sign is arbitrary; its largest entry decides, so that refits agree. */
function signOf(vector: Float64Array): number {
  let largest = 0;
  for (const entry of vector) if (Math.abs(entry) > Math.abs(largest) * (1 + 1e-9)) largest = entry;
  return largest < 0 ? -1 : 1;
}
