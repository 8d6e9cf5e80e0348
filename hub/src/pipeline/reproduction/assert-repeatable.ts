import { isTuneRecipe } from '@edgewise/models/train';
import { FleetError } from '@edgewise/protocol';
import { decodeSnapshot } from '../../datasets/snapshot.ts';
import { storedRecipe } from '../../registry/base-models.ts';
import type { BlobStore } from '../../store/blobs.ts';
import { decodeJob } from '../job.ts';
import type { RunRecord } from '../run-records.ts';

/** Throws `not-found` that names what a run was made of and is gone, before it is done once more. */
export async function assertRepeatable(
  { run, job, results }: RunRecord,
  blobs: BlobStore,
): Promise<void> {
  const assertThere = async (what: string, digests: readonly string[]): Promise<void> => {
    for (const digest of digests) {
      if (await blobs.has(digest)) continue;
      throw new FleetError(
        'not-found',
        `Run ${run.id} cannot be repeated: ${what} is gone from the hub's store (blob ${digest}).`,
      );
    }
  };
  await assertThere('its job', [job ?? '']);
  const { recipe, snapshot, champion } = decodeJob(await blobs.get(job ?? ''));
  await assertThere('its recipe', [recipe]);
  await assertThere('its snapshot of the data set', [snapshot]);
  const { shards, field } = decodeSnapshot(await blobs.get(snapshot));
  const { train, validation, test } = shards;
  await assertThere('a part of its data', [...train, ...validation, ...test]);
  await assertThere(
    'a sample from a device',
    field.map(({ sample }) => sample),
  );
  const plan = await storedRecipe(recipe, blobs);
  if (isTuneRecipe(plan)) await assertThere('the model that it trained further', [plan.base.model]);
  const before = champion === null ? [] : champion.variants.map(({ graph }) => graph);
  await assertThere('the version before it', champion === null ? [] : [champion.model, ...before]);
  await assertThere('what it has found', Object.values(results));
}
