import { createPrivateKey, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import { days } from '@edgewise/protocol';
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** Key and certificate in PEM, as TLS listeners take them. */
export interface TlsIdentity {
  readonly key: string;
  readonly cert: string;
}

interface CertificateOptions {
  /** The hub's P-256 private key in PEM (PKCS #8). */
  readonly key: string;
  /** Names and addresses the hub is reached by. */
  readonly hosts: readonly string[];
  readonly nowMs: number;
}

/**
 * A self-signed certificate on the hub's own key: an agent compares that key with the fingerprint
 * of its enrolment token, so no authority is needed.
 */
export async function createCertificate({
  key,
  hosts,
  nowMs,
}: CertificateOptions): Promise<TlsIdentity> {
  x509.cryptoProvider.set(webcrypto as never);
  const keys = await keyPair(key);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=Edgewise hub',
    notBefore: new Date(nowMs - days(1)),
    notAfter: new Date(nowMs + days(3650)),
    signingAlgorithm: algorithm,
    keys: keys as never,
    extensions: [
      new x509.SubjectAlternativeNameExtension(
        hosts.map((value) => ({ type: isIP(value) ? 'ip' : 'dns', value })),
      ),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    ],
  });
  return { key, cert: certificate.toString('pem') };
}

async function keyPair(pem: string): Promise<webcrypto.CryptoKeyPair> {
  const der = createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' });
  const privateKey = await webcrypto.subtle.importKey('pkcs8', der, algorithm, true, ['sign']);
  const { kty, crv, x, y } = await webcrypto.subtle.exportKey('jwk', privateKey);
  const jwk = { kty, crv, x, y } as webcrypto.JsonWebKey;
  return {
    privateKey,
    publicKey: await webcrypto.subtle.importKey('jwk', jwk, algorithm, true, ['verify']),
  };
}
