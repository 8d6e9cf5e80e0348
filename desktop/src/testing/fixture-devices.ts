import type { DeviceEvent } from '@edgewise/protocol';
import type {
  Device,
  DriftSummary,
  FeatureComparison,
  Lineage,
  WindowSummary,
} from '@edgewise/protocol/http';
import { bundle, digest } from './fixture-models.ts';
import { createRandom } from './random.ts';

const logThreshold = Math.log(10_000);

/** What makes one made-up device differ from another. */
interface DeviceFacts {
  readonly id: string;
  readonly deviceClass: 'x64-vnni' | 'arm64' | 'arm64-dot';
  readonly version: number;
  readonly target: number;
  readonly status: Device['presence']['status'];
  readonly latencyUs: number;
  readonly perSecond: number;
  /** Windows from the newest back to the change; 0 for none. */
  readonly driftWindows: number;
  readonly learning?: number;
  readonly missing?: number;
}

const facts: readonly DeviceFacts[] = [
  {
    id: 'gate-1',
    deviceClass: 'arm64-dot',
    version: 3,
    target: 3,
    status: 'online',
    latencyUs: 1_900,
    perSecond: 24.6,
    driftWindows: 0,
    learning: 41,
  },
  {
    id: 'hall-2',
    deviceClass: 'arm64',
    version: 2,
    target: 3,
    status: 'online',
    latencyUs: 5_300,
    perSecond: 19.8,
    driftWindows: 14,
  },
  {
    id: 'hall-3',
    deviceClass: 'arm64',
    version: 2,
    target: 3,
    status: 'online',
    latencyUs: 5_150,
    perSecond: 20.1,
    driftWindows: 11,
  },
  {
    id: 'kitchen-4',
    deviceClass: 'arm64-dot',
    version: 2,
    target: 2,
    status: 'online',
    latencyUs: 2_050,
    perSecond: 25.2,
    driftWindows: 0,
  },
  {
    id: 'lab-5',
    deviceClass: 'x64-vnni',
    version: 2,
    target: 2,
    status: 'online',
    latencyUs: 310,
    perSecond: 99.7,
    driftWindows: 0,
    missing: 2,
  },
  {
    id: 'attic-6',
    deviceClass: 'arm64',
    version: 1,
    target: 2,
    status: 'offline',
    latencyUs: 6_800,
    perSecond: 12.4,
    driftWindows: 0,
  },
];

/** The made-up fleet: drifting, learning, refusing, lossy and silent devices. */
export function deviceFixtures(nowMs: number): readonly Device[] {
  return facts.map((each) => device(each, nowMs));
}

function device(each: DeviceFacts, nowMs: number): Device {
  const windows = windowFixtures(each.id, nowMs, 1);
  const newest = windows[0];
  const silentMs = each.status === 'online' ? 0 : 1_500_000;
  return {
    id: each.id,
    deviceClass: each.deviceClass,
    enrolledAtMs: nowMs - 5_200_000,
    revoked: false,
    presence: { status: each.status, sinceMs: nowMs - (silentMs || 4_700_000) },
    cloned: false,
    state: {
      v: 1,
      device: each.id,
      instance: `i-${each.id}`,
      protocol: 1,
      agentVersion: '0.1.0',
      deviceClass: each.deviceClass,
      atMs: nowMs - silentMs,
      clock: 'system',
      observedGeneration: each.target,
      slots: {
        active: {
          bundle: bundle(each.version, each.deviceClass),
          status: 'serving',
          servingSinceMs: nowMs - 2_800_000,
          parity: { vectors: 24, largestDeviation: 0.0117, topAgreement: 1 },
        },
        ...(each.version < each.target && {
          candidate: {
            bundle: bundle(each.target, each.deviceClass),
            status: 'installed' as const,
          },
        }),
        ...(each.version > 1 && {
          fallback: {
            bundle: bundle(each.version - 1, each.deviceClass),
            status: 'proved' as const,
            parity: { vectors: 24, largestDeviation: 0.0098, topAgreement: 1 },
          },
        }),
      },
      ...(each.version < each.target &&
        each.status === 'online' && {
          progress: {
            step: 'downloadBundle',
            manifest: bundle(each.target, each.deviceClass).manifest,
            done: 3,
            total: 5,
          },
        }),
      refusals:
        each.id === 'attic-6'
          ? [
              {
                manifest: bundle(2, 'arm64').manifest,
                code: 'parity-failed',
                detail:
                  'Golden answers deviate by 0.412 (allowed 0.0184), 9 of 24 top classes agree.',
                atMs: nowMs - 2_860_000,
                parity: { vectors: 24, largestDeviation: 0.412, topAgreement: 0.375, ok: false },
              },
            ]
          : [],
      health: {
        uptimeMs: 4_700_000,
        rssBytes: 96_400_000,
        served: 88_320,
        outboxMessages: each.status === 'online' ? 2 : 41,
        outboxBytes: each.status === 'online' ? 2_310 : 48_700,
        outboxDropped: 0,
      },
    },
    target: { generation: each.target, active: bundle(each.target, each.deviceClass) },
    converged: each.version === each.target,
    throughputPerSecond: each.perSecond,
    latencyUs: newest?.latencyUs ?? null,
    lastWindowAtMs: nowMs - silentMs - 1_200,
    drift: newest?.drift ?? { state: 'none' },
    loss: { received: 8_412, missing: each.missing ?? 0, dropped: 0, quarantined: 0 },
  };
}

/** Windows of a device, newest first. */
export function windowFixtures(id: string, nowMs: number, count: number): readonly WindowSummary[] {
  const each = facts.find((one) => one.id === id);
  if (!each) return [];
  const silentMs = each.status === 'online' ? 0 : 1_500_000;
  const have = each.learning ?? 220;
  const wanted = Math.min(count, have);
  return Array.from({ length: wanted }, (_, age) => age)
    .filter((age) => each.missing === undefined || (age !== 17 && age !== 18))
    .map((age) => window(each, age, nowMs - silentMs));
}

function window(each: DeviceFacts, age: number, endMs: number): WindowSummary {
  const random = createRandom(age * 7_919 + each.id.length * 104_729 + each.latencyUs);
  const spanMs = Math.round(100_000 / each.perSecond);
  const load = 1 + 0.12 * random() + (age % 31 === 5 ? 0.6 : 0);
  const p50 = each.latencyUs * load;
  return {
    epoch: 1,
    sequence: 1_000 - age,
    model: 'digits',
    version: each.version,
    startMs: endMs - (age + 1) * spanMs,
    spanMs,
    seen: Math.round((100 * (0.96 + 0.08 * random())) / 1),
    n: 100,
    latencyUs: { p50, p95: p50 * (1.35 + 0.2 * random()), p99: p50 * (1.8 + 0.8 * random()) },
    drift: driftAt(each, age, random()),
    confidence: each.driftWindows > age ? 0.81 - 0.04 * random() : 0.955 + 0.02 * random(),
    classes: Array.from({ length: 10 }, () => Math.round(6 + 8 * random())),
  };
}

function driftAt(each: DeviceFacts, age: number, noise: number): DriftSummary {
  if (each.learning !== undefined)
    return {
      state: 'learning',
      baselineWindows: Math.max(0, each.learning - age),
      baselineNeeded: 100,
    };
  const since = each.driftWindows - age;
  const logM = since > 0 ? Math.min(10.6, since * 1.25 + noise) : noise * 2.4 - 1.2;
  return {
    state: logM >= logThreshold ? 'alarm' : 'watching',
    logM,
    logThreshold,
    feature: 'contrast',
  };
}

const edges = Array.from({ length: 19 }, (_, index) => -1.8 + index * 0.2);

/** Shares of 20 bins under a normal curve. */
function bell(mean: number, sd: number): number[] {
  const centres = [edges[0] ?? 0, ...edges].map((edge) => edge + 0.1);
  const raw = centres.map((x) => Math.exp(-((x - mean) ** 2) / (2 * sd * sd)));
  const sum = raw.reduce((a, b) => a + b, 0);
  return raw.map((share) => share / sum);
}

/** Feature comparisons of a device. */
export function profileFixtures(id: string): readonly FeatureComparison[] {
  const drifted = (facts.find((one) => one.id === id)?.driftWindows ?? 0) > 0;
  const shapes: readonly (readonly [string, number, number, number])[] = [
    ['contrast', drifted ? -0.62 : 0.03, drifted ? 0.5 : 0.71, drifted ? 10.6 : 0.4],
    ['slant', drifted ? 0.44 : -0.02, 0.72, drifted ? 8.1 : -0.3],
    ['brightness', drifted ? -0.21 : 0.01, 0.69, drifted ? 3.2 : -0.8],
    ['sharpness', 0.04, 0.71, -0.6],
    ['ink share', -0.05, 0.68, 0.1],
    ['centre x', 0.02, 0.7, -1.1],
  ];
  return shapes.map(([feature, mean, sd, logM]) => ({
    feature,
    edges: edges.map((edge) => edge * 0.12 + 0.42),
    reference: bell(0, 0.7),
    current: bell(mean, sd),
    n: 2_000,
    psi: Math.abs(mean) * 0.9 + 0.012,
    psiNull95: 0.031,
    logM,
  }));
}

/** Counts of one feature as an alarm carries them. */
export function findingCounts(
  mean: number,
  sd: number,
): { edges: number[]; reference: number[]; current: number[] } {
  return {
    edges: edges.map((edge) => edge * 0.12 + 0.42),
    reference: bell(0, 0.7).map((share) => share * 10_000),
    current: bell(mean, sd).map((share) => share * 1_100),
  };
}

/** Events of a device, newest first. */
export function eventFixtures(id: string, nowMs: number): readonly DeviceEvent[] {
  const each = facts.find((one) => one.id === id);
  if (!each) return [];
  const manifest = bundle(each.version, each.deviceClass).manifest;
  const bodies: readonly (readonly [number, DeviceEvent['body']])[] = [
    [
      20_000,
      {
        kind: 'sample',
        sample: digest(`${id}a`),
        sizeBytes: 784,
        parts: 1,
        model: 'digits',
        version: each.version,
        reason: 'random',
        predicted: 4,
        confidence: 0.93,
      },
    ],
    [160_000, { kind: 'step', step: 'activateSlot', outcome: 'done', manifest, durationMs: 41 }],
    [161_000, { kind: 'step', step: 'proveSlot', outcome: 'done', manifest, durationMs: 720 }],
    [163_000, { kind: 'step', step: 'verifyBundle', outcome: 'done', manifest, durationMs: 18 }],
    [
      172_000,
      { kind: 'step', step: 'downloadBundle', outcome: 'done', manifest, durationMs: 8_210 },
    ],
    ...(id === 'attic-6'
      ? ([
          [
            2_860_000,
            {
              kind: 'error',
              code: 'parity-failed',
              detail: '3 of 64 golden vectors differ by more than 2 steps.',
            },
          ],
        ] as const)
      : []),
    [4_700_000, { kind: 'started', agentVersion: '0.1.0', previousExit: 'first' }],
  ];
  return bodies.map(([agoMs, body], index) => ({
    v: 1,
    epoch: 1,
    sequence: 40 - index,
    atMs: nowMs - agoMs,
    body,
  }));
}

/** Why a device runs what it runs. */
export function lineageFixture(id: string): Lineage {
  const version = facts.find((one) => one.id === id)?.version ?? 1;
  return {
    device: id,
    manifest: bundle(version, 'arm64').manifest,
    links: [
      { kind: 'device', id, label: id, verified: null },
      { kind: 'target', id: digest(`t${id}`), label: 'generation 3', verified: true },
      { kind: 'rollout', id: `rollout-${version}`, label: `rollout-${version}`, verified: null },
      {
        kind: 'manifest',
        id: bundle(version, 'arm64').manifest,
        label: `digits ${version}`,
        verified: true,
      },
      {
        kind: 'signature',
        id: bundle(version, 'arm64').signature,
        label: 'P-256, hub key',
        verified: true,
      },
      { kind: 'graph', id: digest(`graph${version}`), label: '108 kB int8', verified: true },
      { kind: 'run', id: `run-${version}`, label: `run-${version}`, verified: null },
      { kind: 'recipe', id: digest('recipe'), label: 'digits.json', verified: true },
      {
        kind: 'snapshot',
        id: digest(`snapshot${version}`),
        label: '60,412 samples',
        verified: true,
      },
    ],
    ok: true,
  };
}
