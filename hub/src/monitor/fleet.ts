/**
 * Joins what single devices report into alarms a person can act on: findings of one bundle and kind
 * that come close together are one alarm, which names devices, features, pattern and effect size.
 */
import type { DriftFinding, Finding, ValidationFinding } from './finding.ts';
import { median } from './population.ts';

/** A finding of one device, as the fleet sees it. */
export interface DeviceFinding {
  readonly deviceId: string;
  /** Bundle the device ran; findings of different bundles are never one alarm. */
  readonly bundle: string;
  readonly atMs: number;
  readonly finding: Finding;
}

/** One feature of an alarm. */
export interface AlarmedFeature {
  readonly feature: string;
  /** Named by most of its devices; the strongest evidence decides a tie. */
  readonly pattern: Finding['pattern'];
  readonly direction: DriftFinding['direction'] | 'none';
  /** Median over the devices, standard deviations of their own baselines, signed; 0 for faults. */
  readonly offsetSd: number;
  /** Median over the devices; 1 for faults. */
  readonly gainRatio: number;
  /** Largest natural logarithm of M over the devices, and its alarm line; 0 for faults. */
  readonly logM: number;
  readonly logThreshold: number;
  readonly devices: readonly string[];
}

/** One alarm. */
export interface FleetAlarm {
  readonly kind: Finding['kind'];
  readonly bundle: string;
  readonly raisedAtMs: number;
  /** When the last finding joined it. */
  readonly updatedAtMs: number;
  /** One device, several, or the whole population (the devices then share a common shift). */
  readonly scope: 'device' | 'several' | 'population';
  readonly devices: readonly string[];
  /** Strongest evidence first. */
  readonly features: readonly AlarmedFeature[];
  readonly findings: readonly DeviceFinding[];
}

/** How findings are joined. */
export interface JoinOptions {
  /** A finding joins an alarm that was updated at most this long before. Default 10 minutes. */
  readonly spanMs?: number;
  /** Features that moved in the whole population: no single device is at fault. Default none. */
  readonly populationFeatures?: ReadonlySet<string>;
}

/** The alarms after a finding, and the one it raised or joined. */
export interface Joined {
  readonly alarms: readonly FleetAlarm[];
  readonly alarm: FleetAlarm;
  readonly isNew: boolean;
}

const defaultSpanMs = 600_000;

/** Lets a finding join an open alarm of its bundle and kind, or raises a new one. */
export function joinFinding(
  alarms: readonly FleetAlarm[],
  finding: DeviceFinding,
  options: JoinOptions = {},
): Joined {
  const { spanMs = defaultSpanMs } = options;
  const open = alarms.find(
    (alarm) =>
      alarm.kind === finding.finding.kind &&
      alarm.bundle === finding.bundle &&
      Math.abs(finding.atMs - alarm.updatedAtMs) <= spanMs,
  );
  const alarm = summarize(open?.findings ?? [], finding, options);
  return {
    alarms: open ? alarms.map((other) => (other === open ? alarm : other)) : [...alarms, alarm],
    alarm,
    isNew: open === undefined,
  };
}

function summarize(
  earlier: readonly DeviceFinding[],
  newest: DeviceFinding,
  { populationFeatures = new Set() }: JoinOptions,
): FleetAlarm {
  const findings = [...earlier, newest];
  const devices = [...new Set(findings.map(({ deviceId }) => deviceId))].toSorted();
  const byFeature = Map.groupBy(findings, ({ finding }) => finding.feature);
  const features = [...byFeature]
    .map(([feature, group]) => summarizeFeature(feature, group))
    .toSorted((a, b) => b.logM - a.logM);
  const isPopulation = features.some(({ feature }) => populationFeatures.has(feature));
  const scope = devices.length === 1 ? 'device' : 'several';
  const times = findings.map(({ atMs }) => atMs);
  return {
    kind: newest.finding.kind,
    bundle: newest.bundle,
    raisedAtMs: Math.min(...times),
    updatedAtMs: Math.max(...times),
    scope: isPopulation ? 'population' : scope,
    devices,
    features,
    findings,
  };
}

function summarizeFeature(feature: string, group: readonly DeviceFinding[]): AlarmedFeature {
  const byEvidence = group
    .map(({ finding }) => finding)
    .toSorted((a, b) => evidence(b) - evidence(a));
  const pattern = mostNamed(byEvidence);
  const drifts = byEvidence.filter(isDrift);
  const named = drifts.filter((finding) => finding.pattern === pattern);
  return {
    feature,
    pattern,
    direction: named[0]?.direction ?? 'none',
    offsetSd: drifts.length > 0 ? median(drifts.map(offsetOf)) : 0,
    gainRatio: drifts.length > 0 ? median(drifts.map(gainOf)) : 1,
    logM: drifts[0]?.logM ?? 0,
    logThreshold: drifts[0]?.logThreshold ?? 0,
    devices: [...new Set(group.map(({ deviceId }) => deviceId))].toSorted(),
  };
}

function mostNamed(findings: readonly Finding[]): Finding['pattern'] {
  const votes = Map.groupBy(findings, ({ pattern }) => pattern);
  let best: { pattern: Finding['pattern']; votes: number } = { pattern: 'shape', votes: 0 };
  // Strongest evidence comes first, so an equal count later does not replace it.
  for (const [pattern, { length }] of votes) {
    if (length > best.votes) best = { pattern, votes: length };
  }
  return best.pattern;
}

/** The measured offset where values are known, the rank-based one otherwise. */
function offsetOf({ effects, offsetSd }: DriftFinding): number {
  return effects.offsetSd?.value ?? offsetSd;
}

function gainOf({ effects, gainRatio }: DriftFinding): number {
  return effects.gainRatio?.value ?? gainRatio;
}

function isDrift(finding: Finding): finding is DriftFinding {
  return finding.kind === 'drift';
}

function evidence(finding: DriftFinding | ValidationFinding): number {
  return finding.kind === 'drift' ? finding.logM : finding.windows;
}
