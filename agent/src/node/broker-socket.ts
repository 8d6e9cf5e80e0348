import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { FleetError } from '@edgewise/protocol';
import { isPinned } from './pinned-key.ts';

/**
 * Opens a socket to `mqtt://` or `mqtts://`. Over TLS the peer must hold the pinned key or a
 * certificate that the machine trusts, and it is checked before a byte is sent.
 */
export async function openBrokerSocket(
  address: string,
  options: { readonly fingerprint: string; readonly signal: AbortSignal },
): Promise<Socket> {
  const url = new URL(address);
  const isTls = url.protocol === 'mqtts:';
  if (!isTls && url.protocol !== 'mqtt:') {
    throw new FleetError('invalid-argument', `${address} is no mqtt:// or mqtts:// address.`);
  }
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = Number(url.port || (isTls ? 8883 : 1883));
  const socket = isTls
    ? connectTls({ host, port, servername: host, rejectUnauthorized: false })
    : connectTcp({ host, port });
  socket.setNoDelay(true);
  await connected(socket, { event: isTls ? 'secureConnect' : 'connect', address, ...options });
  if (isTls && !isPinned(socket as TLSSocket, options.fingerprint)) {
    socket.destroy();
    throw new FleetError('unauthenticated', `${address} does not hold the key of our hub.`);
  }
  return socket;
}

interface Wait {
  readonly event: 'connect' | 'secureConnect';
  readonly address: string;
  readonly signal: AbortSignal;
}

async function connected(socket: Socket, { event, address, signal }: Wait): Promise<void> {
  const done = Promise.withResolvers<void>();
  const onError = (cause: Error) => {
    const { code } = FleetError.from(cause);
    const known = code === 'internal' ? 'unavailable' : code;
    done.reject(new FleetError(known, `${address} cannot be reached: ${cause.message}`, { cause }));
  };
  const onAbort = () => done.reject(FleetError.from(signal.reason));
  socket.once(event, () => done.resolve());
  socket.on('error', onError);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    await done.promise;
  } catch (thrown) {
    socket.destroy();
    throw thrown;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
