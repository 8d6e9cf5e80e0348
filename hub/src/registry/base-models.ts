/** Imported models that are trained further: kept as blobs, named by digest in the recipes that use them. */
import { readModel } from '@edgewise/models/onnx';
import {
  completeTuneRecipe,
  describeBase,
  type ModelRecipe,
  namesBase,
  readModelRecipe,
  readTuneRecipe,
} from '@edgewise/models/train';
import { FleetError } from '@edgewise/protocol';
import type { BaseModel } from '@edgewise/protocol/http';
import type { BlobStore } from '../store/blobs.ts';

/**
 * Keeps an ONNX model. Rejects with `malformed` for other bytes and `unsupported` for a model
 * without a head that can be replaced; then nothing is kept.
 */
export async function importBase(bytes: Uint8Array, blobs: BlobStore): Promise<BaseModel> {
  const { inputs, weights } = describeBase(readModel(bytes));
  return {
    ...{ digest: await blobs.put(bytes), sizeBytes: bytes.length },
    inputs: inputs.map(({ name, dtype, dims }) => ({
      ...{ name, dtype: dtype ?? null },
      dims: (dims ?? []).map((size) => size ?? null),
    })),
    weights: [...weights],
  };
}

/**
 * Checks a parsed JSON document as a recipe of either kind. One for an imported model must name a
 * blob at the hub; what it leaves out of its input is taken from there. Rejects with
 * `invalid-argument` for a faulty recipe and `not-found` for a model that was never imported.
 */
export async function completeRecipe(document: unknown, blobs: BlobStore): Promise<ModelRecipe> {
  if (!namesBase(document)) return readModelRecipe(document);
  const recipe = readTuneRecipe(document);
  const { model } = recipe.base;
  if (!/^[0-9a-f]{64}$/.test(model) || !(await blobs.has(model))) {
    throw new FleetError(
      'not-found',
      `The recipe's "base.model" is "${model}", which is no digest of a model at the hub; import the model first.`,
    );
  }
  return completeTuneRecipe(recipe, readModel(await blobs.get(model)));
}

/** Reads a recipe that the hub keeps. Rejects with `not-found` or `digest-mismatch` where its blob is lost. */
export async function storedRecipe(digest: string, blobs: BlobStore): Promise<ModelRecipe> {
  return readModelRecipe(JSON.parse(new TextDecoder().decode(await blobs.get(digest))));
}
