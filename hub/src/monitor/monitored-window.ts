/** Bins of a numeric feature once under and over have joined the outer ones. */
export const featureBins = 20;
/** Cells of one class in the prediction table: bins of the largest probability. */
export const confidenceBins = 20;

/** What is known of one numeric feature in one window; z is standardized by the bundle's reference. */
export interface MonitoredFeature {
  /** 24 counts: 20 bins, under, over, NaN, null. */
  readonly counts: ArrayLike<number>;
  readonly sumZ: number;
  readonly sumZ2: number;
  readonly minZ: number;
  readonly maxZ: number;
  /** Sum of z(t) z(t+1) over neighbours inside the window. */
  readonly sumLag: number;
}

/** One window of one device, as the monitor reads it; a packed window of the protocol fits. */
export interface MonitoredWindow {
  readonly epoch: number;
  readonly sequence: number;
  readonly spanMs: number;
  /** In the order of the configured features. */
  readonly features: readonly MonitoredFeature[];
  /** Sparse counts by cell; cell = class * 20 + confidence bin. */
  readonly predictions: Iterable<readonly [number, number]>;
}

/** Names one window of a device's stream. */
export interface WindowPosition {
  readonly epoch: number;
  readonly sequence: number;
}

/** True when `a` comes after `b` in a device's stream. */
export function isAfter(a: WindowPosition, b: WindowPosition): boolean {
  return a.epoch > b.epoch || (a.epoch === b.epoch && a.sequence > b.sequence);
}

/** The 20 tested counts of 20 or 24: under joins the first bin, over the last, NaN and null stay out. */
export function foldOuterBins(counts: ArrayLike<number>): number[] {
  const folded = Array.from({ length: featureBins }, (_, bin) => counts[bin] ?? 0);
  folded[0] = (folded[0] ?? 0) + (counts[featureBins] ?? 0);
  folded[featureBins - 1] = (folded[featureBins - 1] ?? 0) + (counts[featureBins + 1] ?? 0);
  return folded;
}

/** NaN and null counts of 24. */
export function missingCounts(counts: ArrayLike<number>): {
  readonly nan: number;
  readonly absent: number;
} {
  return { nan: counts[featureBins + 2] ?? 0, absent: counts[featureBins + 3] ?? 0 };
}
