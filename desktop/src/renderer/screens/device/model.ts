import type { DeviceEvent } from '@edgewise/protocol';
import type { Alarm, Device, FeatureComparison, WindowSummary } from '@edgewise/protocol/http';
import type { Mark } from '../../charts/series-props.ts';
import type { Level } from '../../components/levels.ts';

/** Windows as columns of numbers for charts, oldest first. `null` is a gap. */
export interface WindowColumns {
  /** Ends of the windows in seconds since 1970. */
  readonly xs: readonly number[];
  /** Microseconds. */
  readonly p50: readonly (number | null)[];
  readonly p95: readonly (number | null)[];
  readonly p99: readonly (number | null)[];
  /** Inputs answered per second. */
  readonly perSecond: readonly (number | null)[];
  readonly confidence: readonly (number | null)[];
}

/** A pause breaks the lines when it is longer than this many windows and than this span: inputs may come in bursts. */
const gapWindows = 3;
const gapMs = 10_000;

/** Columns of windows that came newest first. */
export function windowColumns(newestFirst: readonly WindowSummary[]): WindowColumns {
  const rows = newestFirst.toReversed().toSorted((a, b) => a.startMs - b.startMs);
  const columns = { xs: [], p50: [], p95: [], p99: [], perSecond: [], confidence: [] } as {
    [K in keyof WindowColumns]: (number | null)[];
  };
  const add = (x: number, window?: WindowSummary) => {
    columns.xs.push(x);
    columns.p50.push(window?.latencyUs?.p50 ?? null);
    columns.p95.push(window?.latencyUs?.p95 ?? null);
    columns.p99.push(window?.latencyUs?.p99 ?? null);
    columns.perSecond.push(
      window && window.spanMs > 0 ? (window.seen * 1000) / window.spanMs : null,
    );
    columns.confidence.push(window?.confidence ?? null);
  };
  let lastEndMs: number | undefined;
  for (const window of rows) {
    const endMs = window.startMs + window.spanMs;
    const pauseMs = window.startMs - (lastEndMs ?? window.startMs);
    if (lastEndMs !== undefined && pauseMs > Math.max(gapMs, window.spanMs * gapWindows))
      add((lastEndMs + window.startMs) / 2000);
    add(endMs / 1000, window);
    lastEndMs = endMs;
  }
  return columns as WindowColumns;
}

/** Deployments and alarms of a device as marks on its time axis. */
export function marksOf(
  device: Device,
  events: readonly DeviceEvent[],
  alarms: readonly Alarm[],
): readonly Mark[] {
  const deployments = events.flatMap(({ atMs, body }): Mark[] =>
    body.kind === 'step' && body.step === 'activateSlot' && body.outcome === 'done'
      ? [{ at: atMs / 1000, kind: 'deployment', label: bundleName(device, body.manifest) }]
      : [],
  );
  const opened = alarms
    .filter((alarm) => alarm.devices.includes(device.id))
    .map((alarm): Mark => ({ at: alarm.openedAtMs / 1000, kind: 'alarm', label: alarm.id }));
  return [...deployments, ...opened].toSorted((a, b) => a.at - b.at);
}

/** Model and version of a manifest this device holds, else the first digits of its digest. */
export function bundleName(device: Device, manifest: string | undefined): string {
  const { active, candidate, fallback } = device.state?.slots ?? {};
  const known = [active?.bundle, candidate?.bundle, fallback?.bundle, device.target.active].find(
    (bundle) => bundle?.manifest === manifest,
  );
  if (known) return `${known.model} ${known.version}`;
  return manifest?.slice(0, 10) ?? '';
}

/** A slot of a device with its parity certificate. */
export interface SlotRow {
  readonly role: 'active' | 'candidate' | 'fallback';
  readonly model: string;
  readonly version: number;
  readonly manifest: string;
  readonly status: 'installed' | 'proved' | 'trial' | 'serving' | 'failed';
  readonly level: Level;
  readonly sinceMs: number | undefined;
  readonly parity:
    | { readonly vectors: number; readonly largestDeviation: number; readonly topAgreement: number }
    | undefined;
}

const slotLevels = {
  installed: 'unknown',
  proved: 'well',
  trial: 'watch',
  serving: 'well',
  failed: 'act',
} as const satisfies Record<SlotRow['status'], Level>;

/** The slots that hold something, the active one first. */
export function slotRows(device: Device): readonly SlotRow[] {
  const slots = device.state?.slots;
  if (!slots) return [];
  return (['active', 'candidate', 'fallback'] as const).flatMap((role): SlotRow[] => {
    const slot = slots[role];
    if (!slot) return [];
    // A fallback has served before; now it only stands by.
    const status = role !== 'active' && slot.status === 'serving' ? 'proved' : slot.status;
    return [
      {
        role,
        model: slot.bundle.model,
        version: slot.bundle.version,
        manifest: slot.bundle.manifest,
        status,
        level: slotLevels[status],
        sinceMs: role === 'active' ? slot.servingSinceMs : undefined,
        parity: slot.parity,
      },
    ];
  });
}

/** A feature beside its reference, and whether the effect is larger than clean windows show. */
export interface FeatureView {
  readonly comparison: FeatureComparison;
  readonly level: Level;
}

/** Features, those with most evidence first. */
export function featureViews(
  comparisons: readonly FeatureComparison[],
  logThreshold: number | undefined,
): readonly FeatureView[] {
  return comparisons
    .map(
      (comparison): FeatureView => ({ comparison, level: featureLevel(comparison, logThreshold) }),
    )
    .toSorted((a, b) => evidence(b) - evidence(a) || b.comparison.psi - a.comparison.psi);
}

function featureLevel(comparison: FeatureComparison, logThreshold: number | undefined): Level {
  const { logM } = comparison;
  if (logM === null || logThreshold === undefined) return 'unknown';
  if (logM >= logThreshold) return 'act';
  return logM > logThreshold / 2 ? 'watch' : 'well';
}

function evidence({ comparison }: FeatureView): number {
  return comparison.logM ?? Number.NEGATIVE_INFINITY;
}

/** How an event is to be seen. */
export function eventLevel({ body }: DeviceEvent): Level {
  switch (body.kind) {
    case 'error':
      return 'act';
    case 'dropped':
      return 'watch';
    case 'step':
      return body.outcome === 'failed' ? 'act' : 'well';
    case 'started':
      return body.previousExit === 'crash' ? 'watch' : 'well';
    case 'sample':
      return 'well';
  }
}
