import tls from 'node:tls';
import { fingerprintOf } from '@edgewise/models/crypto';
import { FleetError, seconds } from '@edgewise/protocol';

const timeoutMs = seconds(10);

/**
 * Lets this process speak to the hub at `url` whose self-signed certificate is on the key with
 * `fingerprint` (SHA-256 of its DER SubjectPublicKeyInfo, in hex). Rejects with `unauthenticated`
 * for another key and `unavailable` when nobody answers; nothing is sent to either.
 */
export async function trustHub(url: URL, fingerprint: string): Promise<void> {
  if (!/^[0-9a-f]{64}$/i.test(fingerprint)) {
    throw new FleetError(
      'invalid-argument',
      '--fingerprint takes the 64 hexadecimal digits that "edgewise hub" printed.',
    );
  }
  const certificate = await certificateOf(url);
  const key = certificate.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  if (fingerprintOf(key) !== fingerprint.toLowerCase()) {
    throw new FleetError(
      'unauthenticated',
      `${url.host} holds another key than --fingerprint names; nothing was sent to it.`,
    );
  }
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), certificate.toString()]);
}

type Certificate = NonNullable<ReturnType<tls.TLSSocket['getPeerX509Certificate']>>;

async function certificateOf(url: URL): Promise<Certificate> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const socket = tls.connect({ host, port: Number(url.port || 443), rejectUnauthorized: false });
  const found = Promise.withResolvers<Certificate>();
  const fail = (cause?: Error) =>
    found.reject(
      new FleetError('unavailable', `No hub answers over TLS at ${url.origin}.`, { cause }),
    );
  socket.once('secureConnect', () => {
    const certificate = socket.getPeerX509Certificate();
    if (certificate) found.resolve(certificate);
    else fail();
  });
  socket.on('error', fail);
  socket.setTimeout(timeoutMs, () => fail());
  try {
    return await found.promise;
  } finally {
    socket.destroy();
  }
}
