import { readManifest } from '@edgewise/models/bundle';
import { planVariants } from '@edgewise/models/plan';
import { modelNames } from '@edgewise/models/train';
import type { DeviceClass } from '@edgewise/protocol';
import type { ModelInfo, ModelVersion, Run } from '@edgewise/protocol/http';
import type { BlobStore } from '../store/blobs.ts';
import type { Champion, Job } from './job.ts';
import { usualClasses } from './usual-classes.ts';

/** What a job is composed from. */
export interface JobFacts {
  readonly run: Run;
  readonly version: number;
  readonly model: ModelInfo;
  readonly champion: ModelVersion | undefined;
  /** Classes of the devices that are enrolled. */
  readonly deviceClasses: readonly DeviceClass[];
  readonly threads: number;
}

/** The job of a run: everything that decides its outcome, by digest. */
export async function composeJob(facts: JobFacts, blobs: BlobStore): Promise<Job> {
  const { run, model, champion } = facts;
  const { policies } = model;
  return {
    v: 1,
    ...{ run: run.id, kind: run.kind, model: run.model, version: facts.version },
    ...{ classes: model.classes, recipe: run.recipe, snapshot: run.snapshot, seed: run.seed },
    createdAtMs: run.createdAtMs,
    deviceClasses: classesOf(facts),
    window: {
      samples: policies.windowSamples,
      minSpanMs: policies.windowMinSpanMs,
      maxSpanMs: policies.windowMaxSpanMs,
    },
    threads: facts.threads,
    champion: champion === undefined ? null : await describeChampion(champion, blobs),
  };
}

function classesOf({ model, deviceClasses }: JobFacts): DeviceClass[] {
  const wanted = [...usualClasses, ...model.policies.buildFor, ...deviceClasses];
  return planVariants(wanted).map(({ deviceClass }) => deviceClass);
}

async function describeChampion(version: ModelVersion, blobs: BlobStore): Promise<Champion> {
  const variants: Champion['variants'][number][] = [];
  for (const { deviceClass, bundle } of version.variants) {
    const manifest = readManifest(await blobs.get(bundle.manifest));
    const graph = manifest.blobs.find(({ name }) => name === 'graph.onnx');
    if (graph === undefined) continue;
    const probabilities =
      manifest.task.kind === 'classification' ? manifest.task.output : modelNames.probabilities;
    const { sha256, sizeBytes } = graph;
    variants.push({
      ...{ deviceClass, manifest: bundle.manifest, graph: sha256, graphBytes: sizeBytes },
      probabilities,
    });
  }
  return { version: version.version, model: version.fp32.digest, variants };
}
