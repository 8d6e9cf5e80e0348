import { FleetError } from '@edgewise/protocol';

/** How the rows of an image lie. */
export interface RowLayout {
  readonly height: number;
  /** Bytes of a row without its filter byte. */
  readonly perRow: number;
  /** Bytes between a sample and the same one of the pixel before it, at least 1. */
  readonly step: number;
}

/**
 * Undoes the prediction of each row (PNG Specification, 9): every row begins with the number of its
 * filter, and each byte is the difference to what left, upper and upper-left neighbours predict.
 */
export function unfilter(raw: Uint8Array, { height, perRow, step }: RowLayout): Uint8Array {
  let above: Uint8Array = new Uint8Array(perRow);
  const rows = new Uint8Array(height * perRow);
  for (let row = 0; row < height; row++) {
    const packed = raw.subarray(row * (perRow + 1), (row + 1) * (perRow + 1));
    const plain = rows.subarray(row * perRow, (row + 1) * perRow);
    unfilterRow(packed, { plain, above, step });
    above = plain;
  }
  return rows;
}

interface RowWork {
  readonly plain: Uint8Array;
  /** The row before it; zeros for the first. */
  readonly above: Uint8Array;
  readonly step: number;
}

function unfilterRow(packed: Uint8Array, { plain, above, step }: RowWork): void {
  const predict = predictors[packed[0] ?? 0];
  if (predict === undefined) {
    throw new FleetError('malformed', 'This is no PNG file: a row has an unknown filter.');
  }
  for (let at = 0; at < plain.length; at++) {
    // Left of the first pixel everything is zero.
    const [left = 0, corner = 0] = at < step ? [] : [plain[at - step], above[at - step]];
    plain[at] = (packed[at + 1] ?? 0) + predict(left, above[at] ?? 0, corner);
  }
}

type Predictor = (left: number, up: number, corner: number) => number;

/** By filter number: none, sub, up, average, Paeth. */
const predictors: readonly Predictor[] = [
  () => 0,
  (left) => left,
  (_, up) => up,
  (left, up) => (left + up) >> 1,
  paeth,
];

/** The neighbour closest to left + up - corner; ties go to left, then up (9.4). */
function paeth(left: number, up: number, corner: number): number {
  const estimate = left + up - corner;
  const [toLeft, toUp, toCorner] = [left, up, corner].map((value) => Math.abs(estimate - value));
  if ((toLeft ?? 0) <= (toUp ?? 0) && (toLeft ?? 0) <= (toCorner ?? 0)) return left;
  return (toUp ?? 0) <= (toCorner ?? 0) ? up : corner;
}
