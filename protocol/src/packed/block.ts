import { FleetError } from '../errors/fleet-error.ts';

/**
 * One block of a blob or one part of a sample. Which one stands in the topic.
 * Layout, version 1: u8 version = 1, then the bytes.
 */
export function encodeBlock(bytes: Uint8Array): Uint8Array {
  const body = new Uint8Array(bytes.length + 1);
  body[0] = version;
  body.set(bytes, 1);
  return body;
}

/** The bytes of a block, as a view. Throws `malformed` or `newer-version`. */
export function decodeBlock(body: Uint8Array): Uint8Array {
  if (body.length < 2) throw new FleetError('malformed', 'A block without bytes.');
  if (body[0] !== version) {
    throw new FleetError('newer-version', `This block has layout ${body[0]}, we read ${version}.`);
  }
  return body.subarray(1);
}

const version = 1;
