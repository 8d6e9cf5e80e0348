import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { generateKey } from '@edgewise/models/crypto';
import { documentReader, Enrolment, FleetError, kibibytes } from '@edgewise/protocol';
import Type, { type Static } from 'typebox';
import { createFileDisk } from '../node/file-disk.ts';
import { writeDurably } from '../slots/disk.ts';

/** What a device knows about its hub and itself since it enrolled. */
export const Identity = Type.Object({
  v: Type.Literal(1),
  /** Where the hub's HTTP API answers. */
  url: Type.String(),
  /** SHA-256 of the hub's public key. */
  fingerprint: Type.String(),
  enrolment: Enrolment,
});
export type Identity = Static<typeof Identity>;

const read = documentReader(Identity);
const identityFile = 'identity.json';
const keyFile = 'device-key.pem';

/** The identity in a folder; `undefined` before enrolment. */
export async function readIdentity(folder: string): Promise<Identity | undefined> {
  const bytes = await createFileDisk(folder).read(identityFile);
  return bytes === undefined ? undefined : read(bytes, kibibytes(64));
}

/** Keeps an identity durably. */
export async function writeIdentity(folder: string, identity: Identity): Promise<void> {
  const bytes = new TextEncoder().encode(`${JSON.stringify(identity, null, 2)}\n`);
  await writeDurably(createFileDisk(folder), identityFile, bytes);
}

/** The device's private key as PEM: made once, on the device, readable by its owner only. */
export async function ensureKey(folder: string): Promise<string> {
  const known = await readKey(folder);
  if (known !== undefined) return known;
  await makeFolder(folder);
  const { privateKeyPem } = generateKey();
  const file = path.join(folder, keyFile);
  const next = `${file}.next`;
  await writeFile(next, privateKeyPem, { mode: 0o600, flush: true });
  await chmod(next, 0o600);
  const disk = createFileDisk(folder);
  await disk.rename(`${keyFile}.next`, keyFile);
  await disk.syncFolder('');
  return privateKeyPem;
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const reason = `${folder} cannot be the folder of a device (${why}); choose another --folder.`;
    throw new FleetError('invalid-argument', reason, { cause });
  }
}

/** The device's private key; `undefined` when none was made yet. */
export async function readKey(folder: string): Promise<string | undefined> {
  try {
    return await readFile(path.join(folder, keyFile), 'utf8');
  } catch (thrown) {
    const error = FleetError.from(thrown);
    if (error.code === 'not-found') return undefined;
    throw error;
  }
}
