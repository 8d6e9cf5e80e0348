import type { Socket } from 'node:net';
import { FleetError } from '@edgewise/protocol';
import { openSocket } from './open-socket.ts';

/** Opens a socket to an `mqtt://` or `mqtts://` address; over TLS the peer is checked first. */
export async function openBrokerSocket(
  address: string,
  options: { readonly fingerprint: string; readonly signal: AbortSignal },
): Promise<Socket> {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const isTls = url?.protocol === 'mqtts:';
  if (url === undefined || (!isTls && url.protocol !== 'mqtt:')) {
    throw new FleetError('invalid-argument', `${address} is no mqtt:// or mqtts:// address.`);
  }
  return await openSocket(url, { ...options, isTls, defaultPort: isTls ? 8883 : 1883 });
}
