import { wireType } from './wire-type.ts';

/**
 * Writes Protocol Buffers back to front, so that the length of a nested message is known when its
 * prefix is due and nothing is copied twice. Fields are therefore given in reverse order.
 */
export interface WireWriter {
  /** An integer field; negative numbers take ten bytes, as int64 does on the wire. */
  integer(field: number, value: number | bigint): void;
  float32(field: number, value: number): void;
  bytes(field: number, value: Uint8Array): void;
  string(field: number, value: string): void;
  /** A nested message, written by `body`. */
  message(field: number, body: () => void): void;
  /** A packed repeated field of integers. */
  packedIntegers(field: number, values: readonly (number | bigint)[]): void;
  /** What was written, as an array of its own. */
  finish(): Uint8Array<ArrayBuffer>;
}

/** Starts a writer; a good guess of the final size in bytes saves it from growing. */
export function createWireWriter(expectedBytes: number): WireWriter {
  const encoder = new TextEncoder();
  let buffer = new Uint8Array(Math.max(256, expectedBytes));
  let start = buffer.length;

  const claim = (sizeBytes: number): void => {
    if (sizeBytes > start) {
      const used = buffer.length - start;
      const grown = new Uint8Array(Math.max(2 * buffer.length, used + sizeBytes));
      grown.set(buffer.subarray(start), grown.length - used);
      start = grown.length - used;
      buffer = grown;
    }
    start -= sizeBytes;
  };
  const small = (value: number): void => {
    let sizeBytes = 1;
    for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) sizeBytes++;
    claim(sizeBytes);
    let rest = value;
    for (let at = start; at < start + sizeBytes - 1; at++) {
      buffer[at] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    buffer[start + sizeBytes - 1] = rest;
  };
  const large = (value: bigint): void => {
    const groups: number[] = [];
    let rest = BigInt.asUintN(64, value);
    for (; rest > 127n; rest >>= 7n) groups.push(Number(rest & 127n) | 128);
    groups.push(Number(rest));
    claim(groups.length);
    buffer.set(groups, start);
  };
  const varint = (value: number | bigint): void => {
    if (value >= 0 && value <= Number.MAX_SAFE_INTEGER) small(Number(value));
    else large(BigInt(value));
  };
  const tag = (field: number, type: number): void => small(field * 8 + type);
  const prefixed = (field: number, body: () => void): void => {
    const end = buffer.length - start;
    body();
    small(buffer.length - start - end);
    tag(field, wireType.bytes);
  };
  const bytes = (field: number, value: Uint8Array): void => {
    claim(value.length);
    buffer.set(value, start);
    small(value.length);
    tag(field, wireType.bytes);
  };

  return {
    bytes,
    message: prefixed,
    integer(field, value) {
      varint(value);
      tag(field, wireType.varint);
    },
    float32(field, value) {
      claim(4);
      new DataView(buffer.buffer).setFloat32(start, value, true);
      tag(field, wireType.fixed32);
    },
    string(field, value) {
      bytes(field, encoder.encode(value));
    },
    packedIntegers(field, values) {
      prefixed(field, () => {
        for (const value of values.toReversed()) varint(value);
      });
    },
    finish: () => buffer.slice(start),
  };
}
