import type { Duplex } from 'node:stream';

/** Watches the announced lengths in a byte stream of MQTT packets. */
export interface PacketGuard {
  /** Takes the next bytes; false when a packet announces more than it may have. */
  admits(chunk: Uint8Array): boolean;
}

interface PacketLimits {
  /** The first packet, which anybody can send. */
  readonly connectBytes: number;
  readonly packetBytes: number;
}

/**
 * Reads fixed headers only [MQTT-2.2.3]: one type byte, then the remaining length as up to four
 * base-128 digits. Everything else is skipped, so a chunk costs a few steps per packet.
 */
export function createPacketGuard({ connectBytes, packetBytes }: PacketLimits): PacketGuard {
  let most = connectBytes;
  let skip = 0;
  /** Digits of the length read so far; -1 before the type byte. */
  let digits = -1;
  let length = 0;

  function readHeader(byte: number): boolean {
    if (digits < 0) {
      digits = 0;
      length = 0;
      return true;
    }
    length += (byte & 127) * 128 ** digits;
    digits++;
    if (byte >= 128) return digits < 4;
    digits = -1;
    skip = length;
    const fits = length <= most;
    most = packetBytes;
    return fits;
  }

  return {
    admits(chunk) {
      let at = 0;
      while (at < chunk.length) {
        const skipped = Math.min(skip, chunk.length - at);
        skip -= skipped;
        at += skipped;
        if (at < chunk.length && !readHeader(chunk[at++] ?? 0)) return false;
      }
      return true;
    },
  };
}

/** Closes a connection at the announcement of a packet that is too large, before any of it is kept. */
export function guardConnection(
  connection: Duplex,
  limits: PacketLimits,
  onViolation: () => void,
): void {
  const guard = createPacketGuard(limits);
  const read = connection.read.bind(connection);
  connection.read = (size?: number) => {
    const chunk: Uint8Array | null = read(size);
    if (chunk === null || guard.admits(chunk)) return chunk;
    onViolation();
    connection.destroy();
    return null;
  };
}
