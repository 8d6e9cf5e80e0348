import { FleetError } from '../errors/fleet-error.ts';
import { limits } from '../limits.ts';
import { ByteReader, ByteWriter, fromHex, toHex } from './bytes.ts';

/**
 * Counts that a device gathered over one span. Merging two windows of the same bins is addition.
 * The layout stands byte by byte in `packedLayouts` of the part `documentation`.
 */
export interface PackedWindow {
  readonly epoch: number;
  readonly sequence: number;
  /** First 8 bytes of the digest of the bin edges, 16 hexadecimal digits. */
  readonly bins: string;
  /** First 8 bytes of the digest of the reference counts, 16 hexadecimal digits. */
  readonly reference: string;
  readonly startMs: number;
  readonly spanMs: number;
  /** Inputs answered in the span. */
  readonly seen: number;
  /** Inputs counted. */
  readonly n: number;
  readonly features: readonly FeatureCounts[];
  readonly classes: number;
  /** Counts by class x confidence; cell = class * 20 + bin. Zero cells are absent. */
  readonly predictions: ReadonlyMap<number, number>;
  /** Counts by latency bucket; bucket = floor(4 log2(microseconds)). Zero buckets are absent. */
  readonly latency: ReadonlyMap<number, number>;
}

/** What is known of one feature in one window; z is the value standardized by the reference. */
export interface FeatureCounts {
  /** 24 counts: 20 bins, under, over, NaN, null. */
  readonly counts: Uint32Array;
  readonly sumZ: number;
  readonly sumZ2: number;
  readonly minZ: number;
  readonly maxZ: number;
  /** Sum of z(t) z(t+1) over neighbours. */
  readonly sumLag: number;
}

/** Counts per feature: the bins, and where the rest went. */
export const featureCells = limits.featureBins + 4;

const version = 1;

/** Packs a window; at n = 100 a feature costs at most 46 bytes. */
export function encodeWindow(window: PackedWindow): Uint8Array {
  const writer = new ByteWriter();
  writer.u8(version).varint(window.epoch).varint(window.sequence);
  writer.raw(fromHex(window.bins)).raw(fromHex(window.reference));
  writer.varint(window.startMs).varint(window.spanMs).varint(window.seen).varint(window.n);
  writer.varint(window.features.length);
  for (const feature of window.features) {
    for (const count of feature.counts) writer.varint(count);
    writer.f32(feature.sumZ).f32(feature.sumZ2).f32(feature.minZ).f32(feature.maxZ);
    writer.f32(feature.sumLag);
  }
  writer.varint(window.classes);
  writeSparse(writer, window.predictions);
  writeSparse(writer, window.latency);
  return writer.finish();
}

/** Unpacks a window. Throws `malformed` or `newer-version`. */
export function decodeWindow(bytes: Uint8Array): PackedWindow {
  const reader = new ByteReader(bytes);
  const written = reader.u8();
  if (written !== version) {
    throw new FleetError('newer-version', `This window has layout ${written}, we read ${version}.`);
  }
  const epoch = reader.varint();
  const sequence = reader.varint();
  const bins = toHex(reader.raw(8));
  const reference = toHex(reader.raw(8));
  const startMs = reader.varint();
  const spanMs = reader.varint();
  const seen = reader.varint();
  const n = reader.varint(0xffffffff);
  const features: FeatureCounts[] = [];
  for (let left = reader.varint(limits.features); left > 0; left--)
    features.push(readFeature(reader, n));
  const classes = reader.varint(limits.classes);
  const predictions = readSparse(reader, classes * limits.confidenceBins);
  const latency = readSparse(reader, 256);
  reader.end();
  return {
    epoch,
    sequence,
    bins,
    reference,
    startMs,
    spanMs,
    seen,
    n,
    features,
    classes,
    predictions,
    latency,
  };
}

function readFeature(reader: ByteReader, n: number): FeatureCounts {
  const counts = new Uint32Array(featureCells);
  let sum = 0;
  for (let index = 0; index < featureCells; index++) {
    const count = reader.varint(0xffffffff);
    counts[index] = count;
    sum += count;
  }
  if (sum !== n) {
    throw new FleetError('malformed', `A feature counts ${sum} inputs in a window of ${n}.`);
  }
  const sumZ = reader.f32();
  const sumZ2 = reader.f32();
  const minZ = reader.f32();
  const maxZ = reader.f32();
  return { counts, sumZ, sumZ2, minZ, maxZ, sumLag: reader.f32() };
}

function writeSparse(writer: ByteWriter, cells: ReadonlyMap<number, number>): void {
  const entries = [...cells].filter(([, count]) => count > 0).sort(([a], [b]) => a - b);
  writer.varint(entries.length);
  let previous = 0;
  for (const [cell, count] of entries) {
    writer.varint(cell - previous).varint(count);
    previous = cell;
  }
}

function readSparse(reader: ByteReader, size: number): ReadonlyMap<number, number> {
  const cells = new Map<number, number>();
  let cell = 0;
  for (let left = reader.varint(size); left > 0; left--) {
    cell += reader.varint(size);
    if (cell >= size) throw new FleetError('malformed', `A sparse table has no cell ${cell}.`);
    cells.set(cell, reader.varint(0xffffffff));
  }
  return cells;
}
