/** Protocol Buffers wire types (Encoding, "Message structure"). */
export const wireType = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;
