import { readManifest } from '@edgewise/models/bundle';
import type { PipelineStep } from '@edgewise/protocol/http';
import type { BlobStore } from '../../store/blobs.ts';
import type { StepResults } from '../step-results.ts';

/** Something a run has made, by its digest. */
export interface Artifact {
  readonly name: string;
  readonly digest: string;
}

/** What can be compared of a run's step results, in the order in which the steps made it. */
export async function artifactsOf(
  results: Readonly<Partial<Record<PipelineStep, string>>>,
  blobs: BlobStore,
): Promise<readonly Artifact[]> {
  const read = async <S extends PipelineStep>(step: S): Promise<StepResults[S]> => {
    const bytes = await blobs.get(results[step] ?? '');
    return JSON.parse(new TextDecoder().decode(bytes)) as StepResults[S];
  };
  /** The whole result, where nothing in it is new each time. */
  const whole = (name: string, step: PipelineStep): Artifact => ({
    name,
    digest: results[step] ?? '',
  });
  const { variants } = await read('package');
  const { model, quantized } = await read('train');
  const bundles: Artifact[] = [];
  for (const variant of variants) bundles.push(...(await bundleArtifacts(variant, blobs)));
  return [
    { name: 'calibration inputs', digest: (await read('prepare')).calibration },
    { name: 'float graph', digest: model },
    ...(quantized === undefined ? [] : [{ name: 'graph for few bits', digest: quantized.model }]),
    whole('float accuracy', 'evaluate'),
    ...(await read('shrink')).graphs.map(({ scheme, graph }) => ({
      name: `int8 graph ${scheme}`,
      digest: graph,
    })),
    whole('int8 accuracies', 'evaluate-int8'),
    ...(await read('profile')).profiles.flatMap(({ scheme, graph, profile }) => [
      { name: `int8 graph ${scheme} with profile head`, digest: graph },
      { name: `profile ${scheme}`, digest: profile },
    ]),
    ...bundles,
    whole('gate report', 'gate'),
  ];
}

/** The files of a bundle, then the manifest that names them. */
async function bundleArtifacts(
  { deviceClass, bundle }: StepResults['package']['variants'][number],
  blobs: BlobStore,
): Promise<readonly Artifact[]> {
  const manifest = readManifest(await blobs.get(bundle.manifest));
  return [
    ...manifest.blobs.map(({ name, sha256 }) => ({
      name: `bundle ${deviceClass}: ${name}`,
      digest: sha256,
    })),
    { name: `bundle ${deviceClass}: manifest.json`, digest: bundle.manifest },
  ];
}
