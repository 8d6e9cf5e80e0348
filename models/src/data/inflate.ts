import { FleetError } from '@edgewise/protocol';
import { Gunzip } from 'fflate';

/** The bytes themselves, or what a gzip file holds. Throws `malformed` or `too-large`. */
export function inflateIfPacked(bytes: Uint8Array, maxBytes: number): Uint8Array {
  return bytes[0] === 0x1f && bytes[1] === 0x8b ? inflate(bytes, maxBytes) : bytes;
}

/** Fed in small steps, so that a few bytes that unpack to gigabytes are stopped early. */
const stepBytes = 65_536;

function inflate(bytes: Uint8Array, maxBytes: number): Uint8Array {
  const parts: Uint8Array[] = [];
  let size = 0;
  let finished = false;
  const stream = new Gunzip((part, isFinal) => {
    parts.push(part);
    size += part.length;
    finished ||= isFinal;
    if (size > maxBytes) {
      throw new FleetError('too-large', `The file unpacks to more than ${maxBytes} bytes.`);
    }
  });
  try {
    for (let start = 0; start < bytes.length; start += stepBytes) {
      const end = start + stepBytes;
      stream.push(bytes.subarray(start, end), end >= bytes.length);
    }
  } catch (cause) {
    if (cause instanceof FleetError) throw cause;
    throw new FleetError('malformed', 'The gzip file cannot be unpacked.', { cause });
  }
  if (!finished) throw new FleetError('malformed', 'The gzip file ends too early.');
  return join(parts, size);
}

function join(parts: readonly Uint8Array[], size: number): Uint8Array {
  const whole = new Uint8Array(size);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
