import type { Reproduction } from '@edgewise/protocol/http';
import type { Artifact } from './artifacts.ts';

/** One of the two runs that are compared. */
export interface RunOutcome {
  readonly artifacts: readonly Artifact[];
  /** Engine and instruction set; `null` where it was not recorded. */
  readonly build: string | null;
}

const notCompared: Reproduction['notCompared'] = [
  { name: 'model.sig of each bundle', reason: 'ECDSA draws a random number for every signature.' },
  { name: 'times and speeds of the run', reason: 'They are of the day, not of the recipe.' },
];

/** Compares two runs artifact by artifact, in the order of the recorded one. Pure. */
export function compareArtifacts(recorded: RunOutcome, repeated: RunOutcome): Reproduction {
  const digests = [recorded, repeated].map(
    ({ artifacts }) => new Map(artifacts.map(({ name, digest }) => [name, digest])),
  );
  const names = new Set(digests.flatMap((each) => [...each.keys()]));
  const artifacts = [...names].map((name) => {
    const [before = null, after = null] = digests.map((each) => each.get(name) ?? null);
    return { name, recorded: before, repeated: after, equal: before === after };
  });
  const first = artifacts.find(({ equal }) => !equal)?.name ?? null;
  const builds = { recorded: recorded.build, repeated: repeated.build };
  return { equal: first === null, first, artifacts, notCompared, builds };
}
