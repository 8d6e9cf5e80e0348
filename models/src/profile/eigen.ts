/** An eigenvalue with its unit eigenvector. */
export interface EigenPair {
  readonly value: number;
  readonly vector: Float64Array;
}

const sweeps = 50;

/**
 * All eigenpairs of a small symmetric matrix [size, size], largest first: the cyclic Jacobi method
 * (Golub and Van Loan, Matrix Computations, 8.5.3).
 */
export function symmetricEigen(matrix: Float64Array, size: number): readonly EigenPair[] {
  const a = matrix.slice();
  const vectors = identity(size);
  for (let sweep = 0; sweep < sweeps && offDiagonal(a, size) > 0; sweep++) {
    for (let p = 0; p < size - 1; p++) {
      for (let q = p + 1; q < size; q++) rotate(a, vectors, { p, q, size });
    }
  }
  return Array.from({ length: size }, (_, column) => ({
    value: a[column * (size + 1)] ?? 0,
    vector: Float64Array.from({ length: size }, (__, row) => vectors[row * size + column] ?? 0),
  })).sort((left, right) => right.value - left.value);
}

/** Modified Gram-Schmidt, twice over; a vector that depends on the others becomes zero. */
export function orthonormalize(vectors: readonly Float64Array[]): readonly Float64Array[] {
  const done: Float64Array[] = [];
  for (const vector of vectors) {
    const next = vector.slice();
    const before = lengthOf(next);
    for (const other of [...done, ...done]) subtract(next, other);
    const length = lengthOf(next);
    const scale = length > before * 1e-12 ? 1 / length : 0;
    done.push(next.map((entry) => entry * scale));
  }
  return done;
}

function subtract(vector: Float64Array, unit: Float64Array): void {
  let along = 0;
  for (let index = 0; index < vector.length; index++) {
    along += (vector[index] ?? 0) * (unit[index] ?? 0);
  }
  for (let index = 0; index < vector.length; index++) {
    vector[index] = (vector[index] ?? 0) - along * (unit[index] ?? 0);
  }
}

function lengthOf(vector: Float64Array): number {
  return Math.sqrt(vector.reduce((sum, entry) => sum + entry * entry, 0));
}

interface Plane {
  readonly p: number;
  readonly q: number;
  readonly size: number;
}

/** Turns the plane of axes p and q so that their common entry vanishes. */
function rotate(a: Float64Array, vectors: Float64Array, plane: Plane): void {
  const { p, q, size } = plane;
  const at = (row: number, column: number): number => a[row * size + column] ?? 0;
  const common = at(p, q);
  if (common === 0) return;
  const ratio = (at(q, q) - at(p, p)) / (2 * common);
  const tangent = (ratio < 0 ? -1 : 1) / (Math.abs(ratio) + Math.hypot(1, ratio));
  const cosine = 1 / Math.hypot(1, tangent);
  const turn = { cosine, sine: tangent * cosine };
  turnColumns(a, plane, turn);
  turnRows(a, plane, turn);
  turnColumns(vectors, plane, turn);
  a[p * size + q] = 0;
  a[q * size + p] = 0;
}

interface Turn {
  readonly cosine: number;
  readonly sine: number;
}

function turnColumns(matrix: Float64Array, { p, q, size }: Plane, { cosine, sine }: Turn): void {
  for (let row = 0; row < size; row++) {
    const left = matrix[row * size + p] ?? 0;
    const right = matrix[row * size + q] ?? 0;
    matrix[row * size + p] = cosine * left - sine * right;
    matrix[row * size + q] = sine * left + cosine * right;
  }
}

function turnRows(matrix: Float64Array, { p, q, size }: Plane, { cosine, sine }: Turn): void {
  for (let column = 0; column < size; column++) {
    const upper = matrix[p * size + column] ?? 0;
    const lower = matrix[q * size + column] ?? 0;
    matrix[p * size + column] = cosine * upper - sine * lower;
    matrix[q * size + column] = sine * upper + cosine * lower;
  }
}

function identity(size: number): Float64Array {
  const matrix = new Float64Array(size * size);
  for (let index = 0; index < size; index++) matrix[index * (size + 1)] = 1;
  return matrix;
}

function offDiagonal(matrix: Float64Array, size: number): number {
  let sum = 0;
  matrix.forEach((entry, index) => {
    if (index % (size + 1) !== 0) sum += entry * entry;
  });
  return sum;
}
