import Type, { type Static } from 'typebox';
import { Count, Digest, Id } from '../ids.ts';

/** The hub's answer to `need`: subscribe to this lane and ask again. */
export const BlobOffer = Type.Object({
  v: Type.Integer({ minimum: 1 }),
  blob: Digest,
  lane: Id,
  sizeBytes: Count,
  blocks: Count,
});
export type BlobOffer = Static<typeof BlobOffer>;
