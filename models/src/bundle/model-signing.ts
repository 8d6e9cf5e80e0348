import { documentReader, FleetError, fromHex, limits } from '@edgewise/protocol';
import Type from 'typebox';
import { signEnvelope, verifyEnvelope } from './dsse.ts';
import type { Sha256, Signer, Verifier } from './ports.ts';

/**
 * The file `model.sig` beside a bundle's files: an OpenSSF Model Signing signature (predicate v1.0)
 * with a key, so that the public `model_signing` tool verifies our bundles and we verify its.
 * A Sigstore bundle carries a DSSE envelope, that an in-toto Statement v1, that the files' digests.
 */
export interface SignedFiles {
  /** What the signer called the folder. */
  readonly name: string;
  /** SHA-256 of every signed file by its name. */
  readonly digests: ReadonlyMap<string, string>;
}

const statementType = 'https://in-toto.io/Statement/v1';
const predicateType = 'https://model_signing/signature/v1.0';
const payloadType = 'application/vnd.in-toto+json';
const mediaType = 'application/vnd.dev.sigstore.bundle.v0.3+json';

/** What the signature does not cover: itself. */
const ignored = ['model.sig'];

/** Signs the files of a folder; gives the bytes of `model.sig`. */
export async function signFiles(
  files: SignedFiles,
  signer: Signer,
  ports: { readonly sha256: Sha256 },
): Promise<Uint8Array> {
  const statement = utf8.encode(JSON.stringify(statementOf(files, ports.sha256)));
  const bundle = {
    mediaType,
    verificationMaterial: {
      publicKey: { hint: hintOf(signer.publicKeyPem, ports.sha256) },
      tlogEntries: [],
    },
    dsseEnvelope: await signEnvelope(payloadType, statement, signer),
  };
  return utf8.encode(JSON.stringify(bundle));
}

/**
 * The files that `model.sig` speaks for, once it is by one of the keys and consistent in itself.
 * Throws `signature-invalid`, `malformed`, `too-large`, or `unsupported` for another way of signing.
 */
export async function verifyFiles(
  signature: Uint8Array,
  verifiers: readonly Verifier[],
  ports: { readonly sha256: Sha256 },
): Promise<SignedFiles> {
  const bundle = readBundle(signature, limits.manifestBytes);
  const payload = await verifyEnvelope(bundle.dsseEnvelope, payloadType, verifiers);
  const { subject, predicate } = readStatement(payload, limits.manifestBytes);
  const digests = new Map(predicate.resources.map(({ name, digest }) => [name, digest]));
  if (digests.size !== predicate.resources.length) {
    throw new FleetError('malformed', 'The signature names a file twice.');
  }
  const [{ name, digest }] = subject;
  if (digest.sha256 !== rootDigest([...digests.values()], ports.sha256)) {
    throw new FleetError('digest-mismatch', 'The signed root digest is not that of the files.');
  }
  return { name, digests };
}

const utf8 = new TextEncoder();

function statementOf(files: SignedFiles, sha256: Sha256): unknown {
  const resources = [...files.digests]
    .map(([name, digest]) => ({ name, algorithm: 'sha256', digest }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const root = rootDigest(
    resources.map((resource) => resource.digest),
    sha256,
  );
  return {
    _type: statementType,
    subject: [{ name: files.name, digest: { sha256: root } }],
    predicateType,
    predicate: {
      serialization: {
        method: 'files',
        hash_type: 'sha256',
        allow_symlinks: false,
        ignore_paths: ignored,
      },
      resources,
    },
  };
}

/** SHA-256 over the raw digests of the files, in the order in which they are listed. */
function rootDigest(digests: readonly string[], sha256: Sha256): string {
  return sha256(fromHex(digests.join('')));
}

/** How a signature names its key: SHA-256 of the PEM text, not of the DER bytes. */
function hintOf(publicKeyPem: string, sha256: Sha256): string {
  return sha256(utf8.encode(publicKeyPem));
}

const HexDigest = Type.String({ pattern: '^[0-9a-f]{64}$' });

const readBundle = documentReader(
  Type.Object({
    mediaType: Type.Literal(mediaType),
    dsseEnvelope: Type.Object({
      payload: Type.String(),
      payloadType: Type.String(),
      signatures: Type.Array(Type.Object({ sig: Type.String() }), { minItems: 1, maxItems: 4 }),
    }),
  }),
);

const readStatement = documentReader(
  Type.Object({
    _type: Type.Literal(statementType),
    predicateType: Type.Literal(predicateType),
    subject: Type.Tuple([
      Type.Object({ name: Type.String(), digest: Type.Object({ sha256: HexDigest }) }),
    ]),
    predicate: Type.Object({
      serialization: Type.Object({
        method: Type.Literal('files'),
        hash_type: Type.Literal('sha256'),
      }),
      resources: Type.Array(
        Type.Object({
          name: Type.String({ minLength: 1, maxLength: 1000 }),
          algorithm: Type.Literal('sha256'),
          digest: HexDigest,
        }),
        { minItems: 1, maxItems: 4096 },
      ),
    }),
  }),
);
