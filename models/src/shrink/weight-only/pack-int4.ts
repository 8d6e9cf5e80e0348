/** Integers from -8 to 7 as int4 in a file: two in a byte, the first in its lower half (onnx.proto, INT4). */
export function packInt4(integers: Int8Array): Uint8Array {
  const packed = new Uint8Array(Math.ceil(integers.length / 2));
  for (let at = 0; at < integers.length; at++) {
    const half = (integers[at] as number) & 15;
    packed[at >> 1] = (packed[at >> 1] as number) | (at % 2 === 0 ? half : half << 4);
  }
  return packed;
}
