import { createHash } from 'node:crypto';
import type {
  Dataset,
  Metric,
  ModelInfo,
  ModelVersion,
  Rollout,
  Run,
} from '@edgewise/protocol/http';
import { createRandom } from './random.ts';

const deviceClasses = ['x64-vnni', 'arm64', 'arm64-dot'] as const;

const plans = {
  'x64-vnni': {
    scheme: 'u8s8',
    reason: 'VNNI adds unsigned by signed products in 32 bits: full range, exact and fastest.',
  },
  arm64: {
    scheme: 's8s8',
    reason:
      'ARM multiplies signed bytes; without a dot product a weight of -128 would wrap, so none is below -127.',
  },
  'arm64-dot': {
    scheme: 's8s8',
    reason: 'The dot product of ARM takes signed bytes: full range, exact and fastest.',
  },
} as const;

/** The digest of a word, for things whose bytes do not matter here. */
export function digest(word: string): string {
  return createHash('sha256').update(word).digest('hex');
}

/** The bundle of a version for a class. */
export function bundle(version: number, deviceClass: (typeof deviceClasses)[number]) {
  return {
    model: 'digits',
    version,
    deviceClass,
    manifest: digest(`m${version}${deviceClass}`),
    manifestSizeBytes: 6_210,
    signature: digest(`s${version}${deviceClass}`),
    signatureSizeBytes: 1_480,
  };
}

export function datasetFixture(nowMs: number): Dataset {
  return {
    id: 'mnist',
    dims: [1, 28, 28],
    dtype: 'uint8',
    classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
    counts: { train: 55_000, validation: 5_000, test: 10_000, field: 412 },
    createdAtMs: nowMs - 5_400_000,
  };
}

export function modelFixture(nowMs: number): ModelInfo {
  return {
    id: 'digits',
    classes: datasetFixture(nowMs).classes,
    dataset: 'mnist',
    recipe: digest('recipe'),
    policies: {
      falseAlarmsPerDeviceYear: 0.1,
      alarmThreshold: 10_000,
      labelBudget: 1_000,
      autoRetrain: true,
      toleratedLoss: 0.02,
      windowSamples: 100,
      windowMinSpanMs: 0,
      windowMaxSpanMs: 600_000,
      predictions: 'qos0',
      buildFor: [],
    },
    createdAtMs: nowMs - 5_300_000,
    latestVersion: 3,
  };
}

interface VersionFacts {
  readonly version: number;
  readonly agoMs: number;
  readonly accuracy: number;
  readonly servedBy: readonly string[];
  readonly gate: ModelVersion['gate'];
}

function version(nowMs: number, facts: VersionFacts): ModelVersion {
  return {
    model: 'digits',
    version: facts.version,
    createdAtMs: nowMs - facts.agoMs,
    run: `run-${facts.version}`,
    snapshot: digest(`snapshot${facts.version}`),
    recipe: digest('recipe'),
    parent: facts.version === 1 ? null : facts.version - 1,
    fp32: {
      accuracy: facts.accuracy,
      graphBytes: 410_212,
      digest: digest(`graph${facts.version}`),
    },
    variants: deviceClasses.map((deviceClass, index) => ({
      deviceClass,
      ...plans[deviceClass],
      bundle: bundle(facts.version, deviceClass),
      accuracy: facts.accuracy - ([0.0006, 0.0011, 0.0004][index % 3] ?? 0),
      graphBytes: [108_400, 109_150, 108_420][index % 3] ?? 0,
      bundleBytes: [131_200, 133_800, 131_260][index % 3] ?? 0,
    })),
    gate: facts.gate,
    servedBy: [...facts.servedBy],
  };
}

/** Versions of the model, newest first. */
export function versionFixtures(nowMs: number): readonly ModelVersion[] {
  return [
    version(nowMs, {
      version: 3,
      agoMs: 240_000,
      accuracy: 0.9879,
      servedBy: ['gate-1'],
      gate: {
        verdict: 'pass',
        checks: [
          {
            name: 'field labels',
            ok: true,
            sentence: '96 of 100 random labels right, the champion 71 (McNemar p < 0.0001).',
          },
          {
            name: 'golden set',
            ok: true,
            sentence: '98.79 % on 10,000 test images, 0.03 points below version 2.',
          },
          {
            name: 'int8',
            ok: true,
            sentence: 'At most 0.11 points below fp32 on every device class.',
          },
        ],
      },
    }),
    version(nowMs, {
      version: 2,
      agoMs: 3_000_000,
      accuracy: 0.9882,
      servedBy: ['hall-2', 'hall-3', 'kitchen-4', 'lab-5'],
      gate: {
        verdict: 'pass',
        checks: [
          {
            name: 'golden set',
            ok: true,
            sentence: '98.82 % on 10,000 test images, 0.21 points above version 1.',
          },
        ],
      },
    }),
    version(nowMs, {
      version: 1,
      agoMs: 5_000_000,
      accuracy: 0.9861,
      servedBy: ['attic-6'],
      gate: {
        verdict: 'first',
        checks: [{ name: 'golden set', ok: true, sentence: '98.61 % on 10,000 test images.' }],
      },
    }),
  ];
}

/** Runs, newest first; the first one is still training. */
export function runFixtures(nowMs: number): readonly Run[] {
  return [
    {
      ...run(nowMs, { id: 'run-4', agoMs: 40_000, version: null, points: 34 }),
      status: 'running',
      step: 'train',
      progress: 0.57,
      finishedAtMs: null,
      kind: 'retrain',
    },
    { ...run(nowMs, { id: 'run-3', agoMs: 300_000, version: 3, points: 60 }), kind: 'retrain' },
    run(nowMs, { id: 'run-2', agoMs: 3_060_000, version: 2, points: 60 }),
    {
      ...run(nowMs, { id: 'run-x', agoMs: 4_100_000, version: null, points: 12 }),
      status: 'failed',
      step: 'train',
      progress: 0.2,
      error: { code: 'unavailable', detail: 'The worker process ended with signal SIGKILL.' },
    },
    run(nowMs, { id: 'run-1', agoMs: 5_080_000, version: 1, points: 60 }),
  ];
}

interface RunFacts {
  readonly id: string;
  readonly agoMs: number;
  readonly version: number | null;
  readonly points: number;
}

function run(nowMs: number, facts: RunFacts): Run {
  const random = createRandom(facts.agoMs);
  return {
    id: facts.id,
    model: 'digits',
    kind: 'train',
    snapshot: digest(`snapshot${facts.version ?? 4}`),
    recipe: digest('recipe'),
    seed: 7,
    status: 'done',
    step: 'gate',
    progress: 1,
    metrics: metricFixtures(facts.points, random),
    imagesPerSecond: 3_640,
    createdAtMs: nowMs - facts.agoMs,
    finishedAtMs: nowMs - facts.agoMs + 58_000,
    version: facts.version,
    error: null,
  };
}

/** A point every 50 steps; six of them are an epoch, and after the seventh it learns by heart. */
function metricFixtures(points: number, random: () => number): Metric[] {
  return Array.from({ length: points }, (_, point) => {
    const done = point + 1;
    const step = {
      ...{ step: done * 50, epoch: Math.floor(done / 6) },
      loss: 2.1 * Math.exp(-point / 7) + 0.05 + 0.04 * random(),
    };
    if (done % 6 !== 0) return step;
    const validationLoss = 2 * Math.exp(-done / 7) + 0.07 + 0.0015 * Math.max(0, done - 42);
    return {
      ...step,
      trainingAccuracy: 0.996 - 0.5 * Math.exp(-done / 6),
      accuracy: 0.989 - 0.5 * Math.exp(-done / 6) - 0.0002 * Math.max(0, done - 42),
      validationLoss,
      ...(done <= 42 && { best: true as const }),
    };
  });
}

/** Rollouts, newest first; the first one is on its way. */
export function rolloutFixtures(nowMs: number): readonly Rollout[] {
  return [
    {
      id: 'rollout-3',
      model: 'digits',
      version: 3,
      kind: 'rollout',
      status: 'running',
      reason: null,
      createdAtMs: nowMs - 180_000,
      finishedAtMs: null,
      devices: [
        { device: 'gate-1', wave: 1, status: 'serving', previous: bundle(2, 'arm64-dot') },
        { device: 'hall-2', wave: 2, status: 'ordered', previous: bundle(2, 'arm64') },
        { device: 'hall-3', wave: 2, status: 'ordered', previous: bundle(2, 'arm64') },
        { device: 'kitchen-4', wave: 2, status: 'waiting', previous: bundle(2, 'arm64-dot') },
        { device: 'lab-5', wave: 2, status: 'waiting', previous: bundle(2, 'x64-vnni') },
      ],
    },
    {
      id: 'rollout-2',
      model: 'digits',
      version: 2,
      kind: 'rollout',
      status: 'done',
      reason: null,
      createdAtMs: nowMs - 2_900_000,
      finishedAtMs: nowMs - 2_860_000,
      devices: [
        { device: 'gate-1', wave: 1, status: 'serving', previous: bundle(1, 'arm64-dot') },
        { device: 'hall-2', wave: 2, status: 'serving', previous: bundle(1, 'arm64') },
        { device: 'hall-3', wave: 2, status: 'serving', previous: bundle(1, 'arm64') },
        { device: 'kitchen-4', wave: 2, status: 'serving', previous: bundle(1, 'arm64-dot') },
        { device: 'lab-5', wave: 2, status: 'serving', previous: bundle(1, 'x64-vnni') },
        {
          device: 'attic-6',
          wave: 2,
          status: 'refused',
          code: 'parity-failed',
          detail: '3 of 64 golden vectors differ by more than 2 steps.',
          previous: bundle(1, 'arm64'),
        },
      ],
    },
  ];
}
