import { documentReader, FleetError, featureCells, limits } from '@edgewise/protocol';
import Type, { type Static } from 'typebox';
import type { Sha256 } from '../bundle/ports.ts';
import { Bins } from './bins.ts';
import { Reference } from './reference.ts';

/**
 * The file `profile.json` of a bundle: how its features are counted (`bins`, the same for all
 * variants of a model version) and what was counted on held-out data through this very variant
 * (`references`, one per cohort of devices that differ, such as the original and the drifted ones).
 */
const ProfileFile = Type.Object({
  v: Type.Integer({ minimum: 1 }),
  bins: Bins,
  references: Type.Array(Reference, { minItems: 1, maxItems: 32 }),
});
type ProfileFile = Static<typeof ProfileFile>;

/** A profile with the digests that a manifest and every window carry. */
export interface Profile {
  readonly bins: Bins;
  readonly references: readonly Reference[];
  /** SHA-256 of the members `bins` and `references`, each as its JSON text without spaces. */
  readonly digests: { readonly bins: string; readonly reference: string };
}

/** Joins bins and reference counts. Throws `invalid-argument` when their sizes disagree. */
export function createProfile(
  bins: Bins,
  references: readonly Reference[],
  ports: { readonly sha256: Sha256 },
): Profile {
  const wrong = faultOf(bins, references);
  if (wrong !== undefined) throw new FleetError('invalid-argument', wrong);
  const digestOf = (part: unknown): string =>
    ports.sha256(new TextEncoder().encode(JSON.stringify(part)));
  return { bins, references, digests: { bins: digestOf(bins), reference: digestOf(references) } };
}

/** The bytes of `profile.json`; the same profile gives the same bytes. */
export function encodeProfile({ bins, references }: Profile): Uint8Array {
  const file: ProfileFile = { v: 1, bins, references: [...references] };
  return new TextEncoder().encode(JSON.stringify(file));
}

const readFile = documentReader(ProfileFile);

/** Reads `profile.json`. Throws `malformed`, `newer-version` or `too-large`. */
export function decodeProfile(bytes: Uint8Array, ports: { readonly sha256: Sha256 }): Profile {
  const { bins, references } = readFile(bytes, limits.uploadBytes);
  const wrong = faultOf(bins, references);
  if (wrong !== undefined) throw new FleetError('malformed', wrong);
  return createProfile(bins, references, ports);
}

function faultOf(bins: Bins, references: readonly Reference[]): string | undefined {
  const { features } = bins;
  if (new Set(features.map((feature) => feature.name)).size !== features.length) {
    return 'Two features of the profile have one name.';
  }
  const unsorted = features.find(({ edges }) =>
    edges.some((edge, index) => index > 0 && edge <= (edges[index - 1] ?? -Infinity)),
  );
  if (unsorted !== undefined) return `The edges of feature "${unsorted.name}" do not rise.`;
  const wrong = references.find((reference) => !hasSizes(reference, bins));
  return wrong === undefined ? undefined : `Reference "${wrong.cohort}" does not fit the bins.`;
}

function hasSizes({ counts, predictions }: Reference, { features, classes }: Bins): boolean {
  return (
    counts.length === features.length &&
    counts.every((row) => row.length === featureCells) &&
    predictions.every(([cell]) => cell < classes * limits.confidenceBins)
  );
}
