/**
 * Follows one feature of one device. Learning: the bundle's reference is tested with a very wide
 * margin while the device's own baseline grows. Monitoring: the frozen baseline is tested with a
 * tight one.
 */
import {
  type BaselineInput,
  type BaselineRule,
  type BaselineState,
  type DependenceChannels,
  emptyBaseline,
  estimateTau,
  type FrozenBaseline,
  freezeBaseline,
  growBaseline,
} from './baseline.ts';
import { describeDrift, type Tested } from './describe-drift.ts';
import type { DetectorCache } from './detector-cache.ts';
import { createEDetector, type EDetectorState } from './e-detector.ts';
import type { DriftFinding } from './finding.ts';
import { smoothedProbabilities } from './kl.ts';
import type { WindowPosition } from './monitored-window.ts';
import { normalScores } from './tilts.ts';

/** State of one feature: plain data. */
export type FeatureState = LearningState | MonitoringState;

/** No own baseline yet. */
export interface LearningState {
  readonly phase: 'learning';
  readonly baseline: BaselineState;
  /** One detector per cohort of the reference. */
  readonly detectors: readonly EDetectorState[];
  readonly tau: number;
  readonly isAlarmed: boolean;
}

/** Tested against its own baseline. */
export interface MonitoringState {
  readonly phase: 'monitoring';
  readonly baseline: FrozenBaseline;
  readonly detector: EDetectorState;
  readonly isAlarmed: boolean;
}

/** What a feature monitor is built from. */
export interface FeatureSpec {
  readonly name: string;
  /** Raw reference counts per cohort, over the tested bins; at least one cohort. */
  readonly cohorts: readonly (readonly number[])[];
  /** Numeric features have ranks and values; predictions have two cells per class and neither. */
  readonly kind: 'numeric' | 'categorical';
  readonly rule: BaselineRule;
  /** Where detectors of own baselines are kept between windows. */
  readonly cache: DetectorCache;
}

/** One window of a feature, and where it stands. */
export interface FeatureInput extends BaselineInput {
  readonly position: WindowPosition;
  /** Natural logarithm of the alarm line. */
  readonly logThreshold: number;
  /** Whether the window looks faulty: it is neither learnt from nor does it raise a drift alarm. */
  readonly isSuspect: boolean;
}

/** The next state, and a finding when this window raised the alarm. */
export interface FeatureStep {
  readonly state: FeatureState;
  readonly finding: DriftFinding | undefined;
}

/** Follows one feature; states of many devices may pass through one monitor. */
export interface FeatureMonitor {
  initial(): FeatureState;
  observe(state: FeatureState, input: FeatureInput): FeatureStep;
}

/** Margin while learning, nats: about 2 standard deviations of offset. */
const learningRho = 2;
/** Windows before a learning device may alarm, and how much too small its tau may be until later. */
const learningPatience = 8;
const learningCaution = 30;

/** Natural logarithm of M as it stands; while learning, against the closest cohort. */
export function logEvidence(state: FeatureState): number {
  return state.phase === 'monitoring'
    ? state.detector.logM
    : Math.min(...state.detectors.map((detector) => detector.logM));
}

/** Builds the monitor of one feature. */
export function createFeatureMonitor(spec: FeatureSpec): FeatureMonitor {
  const dirichletShare = spec.kind === 'numeric' ? 0.25 : 1;
  const learners = spec.cohorts.map((counts) => ({
    counts,
    detector: createEDetector(smoothedProbabilities(counts), { rho: learningRho, dirichletShare }),
  }));
  const dependence = dependenceOf(spec);
  const detectorOf = (baseline: FrozenBaseline) => spec.cache.get(baseline, dirichletShare);

  function observe(state: FeatureState, input: FeatureInput): FeatureStep {
    if (input.samples === 0) return { state, finding: undefined };
    return state.phase === 'learning' ? learn(state, input) : watch(state, input);
  }

  function learn(state: LearningState, input: FeatureInput): FeatureStep {
    const baseline = input.isSuspect
      ? state.baseline
      : growBaseline(state.baseline, input, dependence);
    // A slow signal hides in a few windows: tau is only trusted as they become many.
    const caution = 1 + learningCaution / Math.max(1, baseline.windows);
    const tau = caution * estimateTau(baseline, dependence);
    const detectors = learners.map(({ detector }, cohort) =>
      detector.update(state.detectors[cohort] ?? detector.initial(), startInput(input), tau),
    );
    const isPatient = baseline.windows < learningPatience;
    const step = raise({ ...state, baseline, detectors, tau }, input, { isPatient });
    // A device that was broken from the start must not become its own normal.
    if (step.state.isAlarmed) return step;
    const frozen = freezeBaseline(baseline, dependence, spec.rule);
    if (frozen === undefined) return step;
    const detector = detectorOf(frozen).initial();
    return {
      state: { phase: 'monitoring', baseline: frozen, detector, isAlarmed: false },
      finding: undefined,
    };
  }

  function watch(state: MonitoringState, input: FeatureInput): FeatureStep {
    const { baseline } = state;
    const detector = detectorOf(baseline).update(state.detector, startInput(input), baseline.tau);
    return raise({ ...state, detector }, input, { isPatient: false });
  }

  function raise(
    state: FeatureState,
    input: FeatureInput,
    { isPatient }: { readonly isPatient: boolean },
  ): FeatureStep {
    const logM = logEvidence(state);
    if (state.isAlarmed) {
      // Hysteresis: an alarm ends when half of the evidence has gone.
      const isAlarmed = logM > input.logThreshold / 2;
      return { state: { ...state, isAlarmed }, finding: undefined };
    }
    if (isPatient || input.isSuspect || logM < input.logThreshold) {
      return { state, finding: undefined };
    }
    return {
      state: { ...state, isAlarmed: true },
      finding: describe(state, input.position, input.logThreshold),
    };
  }

  function describe(
    state: FeatureState,
    at: WindowPosition,
    logThreshold: number,
  ): DriftFinding | undefined {
    const tested = state.phase === 'monitoring' ? againstBaseline(state) : againstCohort(state);
    if (tested === undefined) return undefined;
    return describeDrift({ feature: spec.name, kind: spec.kind, logThreshold, ...tested }, at);
  }

  type AgainstWhat = Omit<Tested, 'feature' | 'kind' | 'logThreshold'>;

  function againstBaseline({ baseline, detector }: MonitoringState): AgainstWhat {
    const { counts, effectiveSamples, tau } = baseline;
    return {
      against: 'baseline',
      detector: detectorOf(baseline),
      state: detector,
      counts,
      effectiveSamples,
      values: { mean: baseline.meanZ, sd: baseline.sdZ, effectiveSamples },
      tau,
    };
  }

  function againstCohort(learning: LearningState): AgainstWhat | undefined {
    const logM = logEvidence(learning);
    const closest = learning.detectors.findIndex((detector) => detector.logM === logM);
    const learner = learners[closest];
    const state = learning.detectors[closest];
    if (learner === undefined || state === undefined) return undefined;
    const effectiveSamples = learner.counts.reduce((sum, count) => sum + count, 0);
    return {
      against: 'reference',
      detector: learner.detector,
      state,
      counts: learner.counts,
      effectiveSamples,
      // z is standardized by the reference itself.
      values: { mean: 0, sd: 1, effectiveSamples },
      tau: learning.tau,
    };
  }

  return {
    initial: () => ({
      phase: 'learning',
      baseline: emptyBaseline(spec.cohorts[0]?.length ?? 0, dependence),
      detectors: learners.map(({ detector }) => detector.initial()),
      tau: 1,
      isAlarmed: false,
    }),
    observe,
  };
}

function startInput(input: FeatureInput) {
  const { counts, sumZ, sumZ2, position } = input;
  return { ...position, counts, sumZ, sumZ2 };
}

/**
 * Numeric: level and spread of the scores, each a channel. Predictions: the shares of all classes
 * pooled, and the share of confident answers.
 */
function dependenceOf(spec: FeatureSpec): DependenceChannels {
  const reference = smoothedProbabilities(spec.cohorts[0] ?? []);
  if (spec.kind === 'categorical') {
    const cells = Array.from(reference, (_, cell) => cell);
    const classes = cells.filter((cell) => cell % 2 === 0).map((cell) => cell / 2);
    const shares = classes.map((label) => cells.map((cell) => (cell >> 1 === label ? 1 : 0)));
    return {
      columns: [...shares, cells.map((cell) => cell % 2)],
      channels: [classes, [classes.length]],
      usesValues: false,
    };
  }
  const scores = Array.from(normalScores(reference));
  return {
    columns: [scores, scores.map((score) => score * score)],
    channels: [[0], [1]],
    usesValues: true,
  };
}
