import { FleetError, type SignedEnvelope } from '@edgewise/protocol';
import { fromBase64, toBase64 } from './base64.ts';
import type { Signer, Verifier } from './ports.ts';

const utf8 = new TextEncoder();

/**
 * What a DSSE signature covers (DSSE v1.0.2, "Signature Definition"):
 * `PAE(type, body) = "DSSEv1" SP LEN(type) SP type SP LEN(body) SP body`, lengths in bytes.
 */
export function preAuthEncoding(type: string, payload: Uint8Array): Uint8Array {
  const typeBytes = utf8.encode(type);
  const head = utf8.encode(`DSSEv1 ${typeBytes.length} ${type} ${payload.length} `);
  const encoded = new Uint8Array(head.length + payload.length);
  encoded.set(head);
  encoded.set(payload, head.length);
  return encoded;
}

/** Signs bytes as a document of one type; `payloadTypes` of the protocol names ours. */
export async function signEnvelope(
  type: string,
  payload: Uint8Array,
  signer: Signer,
): Promise<SignedEnvelope> {
  const signature = await signer.sign(preAuthEncoding(type, payload));
  return {
    payload: toBase64(payload),
    payloadType: type,
    signatures: [{ sig: toBase64(signature), keyid: '' }],
  };
}

/**
 * The payload's bytes, once one signature is by one of the keys. Parse them only afterwards.
 * Throws `signature-invalid`: another type, no base64, or no signature of a known key.
 */
export async function verifyEnvelope(
  envelope: SignedEnvelope,
  expectedType: string,
  verifiers: readonly Verifier[],
): Promise<Uint8Array> {
  if (envelope.payloadType !== expectedType) {
    throw invalid(`it signs a document of type ${envelope.payloadType}, not ${expectedType}`);
  }
  const payload = fromBase64(envelope.payload);
  if (payload === undefined) throw invalid('its payload is not base64');
  const signed = preAuthEncoding(expectedType, payload);
  for (const { sig } of envelope.signatures) {
    if (await isByAny(verifiers, signed, fromBase64(sig))) return payload;
  }
  throw invalid('none of its signatures is by a known key');
}

async function isByAny(
  verifiers: readonly Verifier[],
  signed: Uint8Array,
  signature: Uint8Array | undefined,
): Promise<boolean> {
  if (signature === undefined) return false;
  for (const verifier of verifiers) {
    if (await verifier.verify(signed, signature)) return true;
  }
  return false;
}

function invalid(why: string): FleetError {
  return new FleetError('signature-invalid', `The envelope does not hold: ${why}.`);
}
