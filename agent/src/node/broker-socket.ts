import type { Socket } from 'node:net';
import { FleetError } from '@edgewise/protocol';
import { isLoopback } from './loopback.ts';
import { openSocket } from './open-socket.ts';

/**
 * Opens a socket to an `mqtt://` or `mqtts://` address; over TLS the peer is checked first. Without
 * TLS only this machine is spoken to. Rejects with `invalid-argument` or `forbidden` otherwise.
 */
export async function openBrokerSocket(
  address: string,
  options: { readonly fingerprint: string; readonly signal: AbortSignal },
): Promise<Socket> {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const isTls = url?.protocol === 'mqtts:';
  if (url === undefined || (!isTls && url.protocol !== 'mqtt:')) {
    throw new FleetError('invalid-argument', `${address} is no mqtt:// or mqtts:// address.`);
  }
  if (!isTls && !isLoopback(url)) {
    const reason = `${address} is not encrypted; a broker on another machine must be reached by mqtts://.`;
    throw new FleetError('forbidden', reason);
  }
  return await openSocket(url, { ...options, isTls, defaultPort: isTls ? 8883 : 1883 });
}
