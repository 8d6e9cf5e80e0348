import {
  type Device,
  type ModelVersion,
  type PipelineStep,
  pipelineSteps,
  type Rollout,
  type Run,
  type Sweep,
} from '@edgewise/protocol/http';
import type { Level } from '../../components/levels.ts';
import type { Badge } from '../../components/state-badge.tsx';

/** Whether a version was measured: one that was imported without evaluation has no accuracy to show. */
export function isEvaluated(version: ModelVersion): boolean {
  return version.fp32.accuracy !== null;
}

/** int8 minus fp32, as shares; `undefined` where either was not measured. */
export function differenceOf(int8: number | null, fp32: number | null): number | undefined {
  return int8 === null || fp32 === null ? undefined : int8 - fp32;
}

/** The version the headline is about: the newest that its gate let pass, else the newest. */
export function headlineRow(rows: readonly VersionRow[]): VersionRow | undefined {
  return rows.find((row) => row.level === 'well') ?? rows[0];
}

/** A version as a row: the worst of its variants stands for int8. */
export interface VersionRow {
  readonly version: ModelVersion;
  readonly fp32Accuracy: number | undefined;
  readonly int8Accuracy: number | undefined;
  /** int8 minus fp32, as shares. */
  readonly difference: number | undefined;
  readonly int8Bytes: number | undefined;
  /** int8 graph to fp32 graph. */
  readonly sizeRatio: number | undefined;
  readonly level: Level;
}

const verdictLevels = {
  pass: 'well',
  first: 'well',
  hold: 'watch',
  fail: 'act',
} as const satisfies Record<ModelVersion['gate']['verdict'], Level>;

/** Versions newest first. */
export function versionRows(versions: readonly ModelVersion[]): readonly VersionRow[] {
  return versions.toSorted((a, b) => b.version - a.version).map(versionRow);
}

function versionRow(version: ModelVersion): VersionRow {
  const worst = version.variants.toSorted((a, b) => (a.accuracy ?? 0) - (b.accuracy ?? 0))[0];
  const largest = version.variants.toSorted((a, b) => b.graphBytes - a.graphBytes)[0];
  const { accuracy, graphBytes } = version.fp32;
  return {
    version,
    fp32Accuracy: accuracy ?? undefined,
    int8Accuracy: worst?.accuracy ?? undefined,
    difference: differenceOf(worst?.accuracy ?? null, accuracy),
    int8Bytes: largest?.graphBytes,
    sizeRatio: largest && graphBytes !== null ? largest.graphBytes / graphBytes : undefined,
    level: verdictLevels[version.gate.verdict],
  };
}

/** A dot of accuracy against size. */
export interface Dot {
  readonly key: string;
  readonly version: number;
  readonly kind: 'fp32' | 'int8';
  readonly name: string;
  readonly bytes: number;
  readonly accuracy: number;
}

/** fp32 and each variant of every measured version as dots. */
export function dotsOf(versions: readonly ModelVersion[]): readonly Dot[] {
  return versions.flatMap(({ version, fp32, variants }) => [
    ...dot({
      version,
      kind: 'fp32',
      name: 'fp32',
      bytes: fp32.graphBytes,
      accuracy: fp32.accuracy,
    }),
    ...variants.flatMap(({ deviceClass: name, graphBytes: bytes, accuracy }) =>
      dot({ version, kind: 'int8', name, bytes, accuracy }),
    ),
  ]);
}

/** A dot, where there are both figures. */
function dot(
  facts: Omit<Dot, 'key' | 'bytes' | 'accuracy'> & {
    readonly bytes: number | null;
    readonly accuracy: number | null;
  },
): readonly Dot[] {
  const { bytes, accuracy } = facts;
  if (bytes === null || accuracy === null) return [];
  return [{ ...facts, bytes, accuracy, key: `${facts.version}-${facts.name}` }];
}

/** One link of a version's chain from data to devices. */
export interface ChainLink {
  readonly kind: 'snapshot' | 'recipe' | 'parent' | 'run' | 'version' | 'bundles' | 'devices';
  /** Digest, id, or a count. */
  readonly value: string;
  /** What a click opens. */
  readonly opens: { readonly version: number } | { readonly run: string } | 'fleet' | undefined;
}

/** From the data and the recipe over the run to the devices that serve it. */
export function chainOf(version: ModelVersion): readonly ChainLink[] {
  return [
    { kind: 'snapshot', value: version.snapshot, opens: undefined },
    { kind: 'recipe', value: version.recipe, opens: undefined },
    ...(version.parent === null
      ? []
      : [
          {
            kind: 'parent' as const,
            value: String(version.parent),
            opens: { version: version.parent },
          },
        ]),
    {
      kind: 'run',
      value: version.run,
      opens: isEvaluated(version) ? { run: version.run } : undefined,
    },
    { kind: 'version', value: String(version.version), opens: { version: version.version } },
    { kind: 'bundles', value: String(version.variants.length), opens: undefined },
    { kind: 'devices', value: String(version.servedBy.length), opens: 'fleet' },
  ];
}

/** A pipeline step and how far it is. */
export interface StepView {
  readonly step: PipelineStep;
  readonly status: 'done' | 'running' | 'failed' | 'waiting';
}

/** The pipeline of a run, step by step. */
export function stepViews(run: Run): readonly StepView[] {
  const at = run.step === null ? -1 : pipelineSteps.indexOf(run.step);
  return pipelineSteps.map((step, index) => ({ step, status: stepStatus(run, index, at) }));
}

function stepStatus(run: Run, index: number, at: number): StepView['status'] {
  if (run.status === 'done' || index < at) return 'done';
  if (index > at) return 'waiting';
  return run.status === 'running' ? 'running' : 'failed';
}

/** Devices of one wave and how many have come how far. */
export interface WaveView {
  readonly wave: number;
  readonly devices: Rollout['devices'];
  readonly settled: number;
}

/** A rollout by waves, the first one first. */
export function wavesOf(rollout: Rollout): readonly WaveView[] {
  const waves = [...new Set(rollout.devices.map((each) => each.wave))].toSorted((a, b) => a - b);
  return waves.map((wave) => {
    const devices = rollout.devices.filter((each) => each.wave === wave);
    return { wave, devices, settled: devices.filter((each) => each.status === 'serving').length };
  });
}

/** How a device of a rollout is to be seen. */
export const deviceLevels = {
  waiting: 'unknown',
  ordered: 'busy',
  serving: 'well',
  refused: 'act',
  reverted: 'act',
  skipped: 'unknown',
} as const satisfies Record<Rollout['devices'][number]['status'], Badge>;

/** How a rollout is to be seen. */
export const rolloutLevels = {
  running: 'busy',
  done: 'well',
  stopped: 'act',
  aborted: 'unknown',
} as const satisfies Record<Rollout['status'], Badge>;

/** How a run or a sweep is to be seen. */
export const runLevels = {
  queued: 'unknown',
  running: 'busy',
  done: 'well',
  failed: 'act',
  canceled: 'unknown',
} as const satisfies Record<Run['status'] | Sweep['status'], Badge>;

/** Devices an order for this model would reach when none is named. */
export function reachOf(devices: readonly Device[]): number {
  return devices.filter((device) => !device.revoked).length;
}
