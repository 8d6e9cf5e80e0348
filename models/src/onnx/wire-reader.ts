import { FleetError } from '@edgewise/protocol';
import { wireType } from './wire-type.ts';

/**
 * Reads one Protocol Buffers message field by field. Every getter throws `FleetError` `malformed`
 * when the field is of another wire type or runs past the end.
 */
export interface WireReader {
  /** Moves to the next field and gives its number; `undefined` at the end. */
  next(): number | undefined;
  skip(): void;
  int64(): bigint;
  /** An int32 or int64 that must be a safe integer. */
  integer(): number;
  float32(): number;
  /** A view into the file, not a copy. */
  bytes(): Uint8Array;
  string(): string;
  /** Integers of a repeated field, packed or not, appended to a list. */
  int64s(list: bigint[]): void;
  float32s(list: number[]): void;
  float64s(list: number[]): void;
}

/** What to do with each field of a message: called with the reader standing at the field. */
export type Fields<Draft> = Readonly<Record<number, (draft: Draft, reader: WireReader) => void>>;

/** Fills a draft from a message; fields that the table does not name are skipped. */
export function readFields<Draft>(bytes: Uint8Array, fields: Fields<Draft>, draft: Draft): Draft {
  const reader = createWireReader(bytes);
  for (let field = reader.next(); field !== undefined; field = reader.next()) {
    const take = fields[field];
    if (take === undefined) reader.skip();
    else take(draft, reader);
  }
  return draft;
}

function createWireReader(source: Uint8Array): WireReader {
  const view = new DataView(source.buffer, source.byteOffset, source.byteLength);
  let at = 0;
  let type = 0;

  const claim = (sizeBytes: number): number => {
    if (sizeBytes > source.length - at) {
      throw new FleetError('malformed', 'The ONNX file ends in the middle of a field.');
    }
    at += sizeBytes;
    return at - sizeBytes;
  };
  const expect = (wanted: number): void => {
    if (type !== wanted) {
      throw new FleetError(
        'malformed',
        'A field has the wrong wire type: the file is damaged, or is no ONNX file.',
      );
    }
  };
  const varint = (): number | bigint => {
    let value = 0;
    for (let shift = 0; shift < 49; shift += 7) {
      const byte = view.getUint8(claim(1));
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
    let large = BigInt(value);
    for (let shift = 49n; shift < 70n; shift += 7n) {
      const byte = view.getUint8(claim(1));
      large |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asIntN(64, large);
    }
    throw new FleetError('malformed', 'An integer of the ONNX file is longer than ten bytes.');
  };
  const safe = (): number => {
    const value = Number(varint());
    if (Number.isSafeInteger(value)) return value;
    throw new FleetError('malformed', 'An integer of the ONNX file is out of range.');
  };
  const lengthBytes = (): number => {
    const value = safe();
    if (value >= 0) return value;
    throw new FleetError('malformed', 'A length in the ONNX file is negative.');
  };
  const chunk = (): Uint8Array => {
    expect(wireType.bytes);
    const sizeBytes = lengthBytes();
    const start = claim(sizeBytes);
    return source.subarray(start, start + sizeBytes);
  };
  const repeated = (single: number, one: () => void): void => {
    if (type === single) {
      one();
      return;
    }
    expect(wireType.bytes);
    const end = lengthBytes() + at;
    if (end > source.length) claim(source.length + 1);
    while (at < end) one();
    if (at !== end) throw new FleetError('malformed', 'A packed field overruns its length.');
  };

  return {
    bytes: chunk,
    next() {
      if (at === source.length) return undefined;
      const tag = safe();
      type = tag % 8;
      return Math.floor(tag / 8);
    },
    skip() {
      if (type === wireType.varint) varint();
      else if (type === wireType.fixed64) claim(8);
      else if (type === wireType.fixed32) claim(4);
      else chunk();
    },
    int64() {
      expect(wireType.varint);
      return BigInt(varint());
    },
    integer() {
      expect(wireType.varint);
      return safe();
    },
    float32() {
      expect(wireType.fixed32);
      return view.getFloat32(claim(4), true);
    },
    string: () => decodeText(chunk()),
    int64s: (list) => repeated(wireType.varint, () => list.push(BigInt(varint()))),
    float32s: (list) =>
      repeated(wireType.fixed32, () => list.push(view.getFloat32(claim(4), true))),
    float64s: (list) =>
      repeated(wireType.fixed64, () => list.push(view.getFloat64(claim(8), true))),
  };
}

function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new FleetError('malformed', 'A name in the ONNX file is not UTF-8 text.', { cause });
  }
}
