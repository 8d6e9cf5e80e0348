import { isTuneRecipe } from '@edgewise/models/train';
import type { PipelineStep } from '@edgewise/protocol/http';
import { storedRecipe } from '../registry/base-models.ts';
import type { VersionRecord } from '../registry/registry-records.ts';
import type { BlobStore } from '../store/blobs.ts';
import type { Job } from './job.ts';
import type { StepResults } from './step-results.ts';

/** The version that a finished run has made. */
export async function toVersion(
  job: Job,
  results: Readonly<Partial<Record<PipelineStep, string>>>,
  options: { readonly blobs: BlobStore; readonly nowMs: number },
): Promise<VersionRecord> {
  const read = async <S extends PipelineStep>(step: S): Promise<StepResults[S]> => {
    const bytes = await options.blobs.get(results[step] ?? '');
    return JSON.parse(new TextDecoder().decode(bytes)) as StepResults[S];
  };
  const trained = await read('train');
  const { accuracy } = await read('evaluate');
  const { variants } = await read('package');
  const recipe = await storedRecipe(job.recipe, options.blobs);
  return {
    ...{ model: job.model, version: job.version, createdAtMs: options.nowMs, run: job.run },
    ...{ snapshot: job.snapshot, recipe: job.recipe, parent: job.champion?.version ?? null },
    ...(isTuneRecipe(recipe) && { base: recipe.base.model }),
    fp32: { accuracy, graphBytes: trained.graphBytes, digest: trained.model },
    variants: [...variants],
    gate: await read('gate'),
  };
}
