import { Buffer } from 'node:buffer';
import { createPublicKey, sign } from 'node:crypto';

/** One element of DER (X.690): tag, length, content. */
function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  if (length < 128) return Buffer.concat([Buffer.of(tag, length), content]);
  const size = length < 256 ? Buffer.of(0x81, length) : Buffer.of(0x82, length >> 8, length & 255);
  return Buffer.concat([Buffer.of(tag), size, content]);
}

const sequence = (...contents: readonly Uint8Array[]) => der(0x30, ...contents);
const time = (text: string) => der(0x17, Buffer.from(text));
/** ecdsa-with-SHA256 (RFC 5758, 3.2). */
const algorithm = sequence(Buffer.from('06082a8648ce3d040302', 'hex'));
/** commonName (RFC 5280, appendix A.1). */
const name = sequence(
  der(0x31, sequence(Buffer.from('0603550403', 'hex'), der(0x0c, Buffer.from('edgewise')))),
);

/** A self-signed certificate (RFC 5280, 4.1) on a key, as a hub off loopback has one. */
export function selfSigned(privateKeyPem: string): string {
  const publicKey = createPublicKey(privateKeyPem).export({ type: 'spki', format: 'der' });
  const body = sequence(
    der(0xa0, Buffer.from('020102', 'hex')),
    Buffer.from('020101', 'hex'),
    algorithm,
    name,
    sequence(time('200101000000Z'), time('491231235959Z')),
    name,
    publicKey,
  );
  const signature = sign('sha256', body, { key: privateKeyPem, dsaEncoding: 'der' });
  const bytes = sequence(body, algorithm, der(0x03, Buffer.of(0), signature));
  const lines = bytes.toString('base64').replace(/.{64}/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}
