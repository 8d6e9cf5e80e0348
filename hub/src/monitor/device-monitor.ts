/**
 * Follows one device under one bundle: every numeric feature and the prediction table, window after
 * window. Pure: all that changes is in the state, which is plain data and survives JSON.
 */
import { alarmThreshold, medianSpan } from './alarm-budget.ts';
import { createDetectorCache } from './detector-cache.ts';
import { noFaults } from './fault-monitor.ts';
import {
  createFeatureMonitor,
  type FeatureMonitor,
  type FeatureState,
  logEvidence,
} from './feature-monitor.ts';
import type { Finding } from './finding.ts';
import {
  featureBins,
  foldOuterBins,
  isAfter,
  type MonitoredWindow,
  type WindowPosition,
} from './monitored-window.ts';
import { type NumericState, observeFeature } from './observe-feature.ts';
import { countPredictions, groupPredictions } from './predictions.ts';

/** What a bundle says about its features, and how strictly its devices are watched. */
export interface DeviceMonitorConfig {
  readonly features: readonly {
    readonly name: string;
    /** Reference counts per cohort, 20 or 24 each; at least one cohort. */
    readonly cohorts: readonly ArrayLike<number>[];
  }[];
  /** Absent when the model has no classes. */
  readonly predictions?: {
    readonly classes: number;
    /** Reference counts by cell (class * 20 + confidence bin) per cohort. */
    readonly cohorts: readonly Iterable<readonly [number, number]>[];
  };
  /** Default 0.1. */
  readonly falseAlarmsPerDeviceYear?: number;
  /** Alarm line for M, in place of the budget. */
  readonly threshold?: number;
  /** Default 100. */
  readonly minBaselineWindows?: number;
  /** Default 1,000. */
  readonly minEffectiveSamples?: number;
  /** Own baselines whose tables (about 11 kB each) are kept in memory. Default 4,096. */
  readonly cachedTables?: number;
}

/** Name of the prediction table among the features. */
export const predictionFeature = 'prediction';

/** State of one device under one bundle: plain data. */
export interface DeviceMonitorState {
  readonly version: 1;
  /** The newest window seen; null before the first. */
  readonly last: WindowPosition | null;
  readonly windows: number;
  /** Spans of the first windows, ms; the alarm budget uses their median. */
  readonly spansMs: readonly number[];
  readonly features: readonly NumericState[];
  /** Null when predictions are not watched. */
  readonly predictions: FeatureState | null;
}

/** What a window led to. `late` and `malformed` windows change nothing. */
export interface Observation {
  readonly outcome: 'tested' | 'late' | 'malformed';
  readonly state: DeviceMonitorState;
  /** Alarms that this window raised. */
  readonly findings: readonly Finding[];
}

/** Where one feature stands. */
export interface FeatureStatus {
  readonly name: string;
  readonly phase: 'learning' | 'monitoring';
  readonly isAlarmed: boolean;
  readonly logM: number;
  readonly logThreshold: number;
  /** Windows the baseline has, and the samples they are worth. */
  readonly baselineWindows: number;
  readonly effectiveSamples: number;
  readonly tau: number;
}

/** Follows devices of one bundle. */
export interface DeviceMonitor {
  createState(): DeviceMonitorState;
  observe(state: DeviceMonitorState, window: MonitoredWindow): Observation;
  /** Whether a stored state is of this version and of this bundle's features. */
  accepts(stored: unknown): stored is DeviceMonitorState;
  /** Where every feature stands, the prediction table last. */
  status(state: DeviceMonitorState): readonly FeatureStatus[];
}

const keptSpans = 101;

/** Builds the monitor of one bundle; its tables are shared by all devices. */
export function createDeviceMonitor(config: DeviceMonitorConfig): DeviceMonitor {
  const rule = {
    minWindows: config.minBaselineWindows ?? 100,
    minEffectiveSamples: config.minEffectiveSamples ?? 1000,
  };
  const cache = createDetectorCache(config.cachedTables ?? 4096);
  const features = config.features.map(({ name, cohorts }) => ({
    name,
    reference: foldOuterBins(cohorts[0] ?? []),
    monitor: createFeatureMonitor({
      name,
      kind: 'numeric',
      cohorts: cohorts.map(foldOuterBins),
      rule,
      cache,
    }),
  }));
  const predictions = predictionMonitor(config, { rule, cache });
  const testedFeatures = features.length + (predictions === undefined ? 0 : 1);

  function logThreshold(state: DeviceMonitorState): number {
    if (config.threshold !== undefined) return Math.log(config.threshold);
    const budget = alarmThreshold({
      features: testedFeatures,
      medianSpanMs: medianSpan(state.spansMs),
      ...(config.falseAlarmsPerDeviceYear === undefined
        ? undefined
        : { falseAlarmsPerDeviceYear: config.falseAlarmsPerDeviceYear }),
    });
    return Math.log(budget);
  }

  function observe(state: DeviceMonitorState, window: MonitoredWindow): Observation {
    const position = { epoch: window.epoch, sequence: window.sequence };
    if (state.last !== null && !isAfter(position, state.last)) {
      return { outcome: 'late', state, findings: [] };
    }
    if (!fits(window, features.length)) return { outcome: 'malformed', state, findings: [] };
    const line = logThreshold(state);
    const findings: Finding[] = [];
    const nextFeatures = features.map((feature, index) => {
      const before = state.features[index] ?? {
        drift: feature.monitor.initial(),
        faults: noFaults,
      };
      const input = { position, logThreshold: line, feature: window.features[index] };
      return observeFeature(feature, before, { ...input, findings });
    });
    let nextPredictions = state.predictions;
    if (predictions !== undefined && nextPredictions !== null) {
      const counts = predictions.count(window.predictions);
      const samples = counts.reduce((sum, count) => sum + count, 0);
      const step = predictions.monitor.observe(nextPredictions, {
        ...{ counts, samples, nan: 0, absent: 0, isSuspect: false },
        ...{ sumZ: 0, sumZ2: 0, pairs: 0, sumZz: 0, position, logThreshold: line },
      });
      nextPredictions = step.state;
      if (step.finding !== undefined) findings.push(step.finding);
    }
    return {
      outcome: 'tested',
      state: {
        version: 1,
        last: position,
        windows: state.windows + 1,
        spansMs:
          state.spansMs.length < keptSpans ? [...state.spansMs, window.spanMs] : state.spansMs,
        features: nextFeatures,
        predictions: nextPredictions,
      },
      findings,
    };
  }

  function monitors(
    state: DeviceMonitorState,
  ): readonly (readonly [string, FeatureMonitor, FeatureState])[] {
    const numeric = features.map(
      ({ name, monitor }, index) =>
        [name, monitor, state.features[index]?.drift ?? monitor.initial()] as const,
    );
    return predictions === undefined || state.predictions === null
      ? numeric
      : [...numeric, [predictionFeature, predictions.monitor, state.predictions]];
  }

  return {
    createState: () => ({
      version: 1,
      last: null,
      windows: 0,
      spansMs: [],
      features: features.map(({ monitor }) => ({ drift: monitor.initial(), faults: noFaults })),
      predictions: predictions?.monitor.initial() ?? null,
    }),
    observe,
    accepts: (stored): stored is DeviceMonitorState => {
      const state = stored as Partial<DeviceMonitorState> | null | undefined;
      return (
        state?.version === 1 &&
        state.features?.length === features.length &&
        (state.predictions === null) === (predictions === undefined)
      );
    },
    status: (state) => {
      const line = logThreshold(state);
      return monitors(state).map(([name, , feature]) => statusOf(name, feature, line));
    },
  };
}

function predictionMonitor(
  config: DeviceMonitorConfig,
  options: Pick<Parameters<typeof createFeatureMonitor>[0], 'rule' | 'cache'>,
) {
  if (config.predictions === undefined) return undefined;
  const { classes, cohorts } = config.predictions;
  const groups = groupPredictions(classes, cohorts[0] ?? []);
  const count = (cells: Iterable<readonly [number, number]>) => countPredictions(groups, cells);
  const monitor = createFeatureMonitor({
    name: predictionFeature,
    kind: 'categorical',
    cohorts: cohorts.map(count),
    ...options,
  });
  return { count, monitor };
}

function fits(window: MonitoredWindow, features: number): boolean {
  return (
    window.features.length === features &&
    window.features.every(({ counts }) => counts.length === featureBins + 4)
  );
}

function statusOf(name: string, state: FeatureState, logThreshold: number): FeatureStatus {
  const tau = state.phase === 'monitoring' ? state.baseline.tau : state.tau;
  return {
    name,
    phase: state.phase,
    isAlarmed: state.isAlarmed,
    logM: logEvidence(state),
    logThreshold,
    baselineWindows: state.baseline.windows,
    effectiveSamples:
      state.phase === 'monitoring' ? state.baseline.effectiveSamples : state.baseline.samples / tau,
    tau,
  };
}
