import { type Level, levels } from './components/levels.ts';

/** What the address of each screen may hold, and how it is read. Whatever else is there is dropped. */
type Search = Readonly<Record<string, unknown>>;

/** Signing in. */
export interface SignInAddress {
  readonly code?: string | undefined;
  /** Where to go afterwards. */
  readonly next?: string | undefined;
}

/** The fleet, filtered and sorted. */
export interface FleetAddress {
  readonly q?: string | undefined;
  readonly state?: Level | undefined;
  readonly sort?: string | undefined;
}

/** One device. */
export interface DeviceAddress {
  /** Windows on the charts. */
  readonly windows?: number | undefined;
}

/** A model, and what of it is open. */
export interface ModelsAddress {
  readonly model?: string | undefined;
  readonly version?: number | undefined;
  readonly run?: string | undefined;
}

/** One sweep. */
export interface SweepAddress {
  /** Number of the trial that is set off. */
  readonly trial?: number | undefined;
  readonly sort?: string | undefined;
  /** What the learning curves show; accuracy unless told otherwise. */
  readonly curve?: 'loss' | undefined;
}

/** The alarms, and the one that is open. */
export interface DriftAddress {
  readonly alarm?: string | undefined;
  /** Whether every finding is in sight, or only the strongest. */
  readonly findings?: 'all' | undefined;
}

/** The queue of a model. */
export interface LabelAddress {
  readonly model?: string | undefined;
  /** Whether what the model said is in sight. */
  readonly prediction?: 'shown' | undefined;
}

/** Readers of addresses, one per screen. */
export const addresses = {
  signIn: (search: Search): SignInAddress => ({
    code: word(search, 'code'),
    next: word(search, 'next'),
  }),
  fleet: (search: Search): FleetAddress => ({
    q: word(search, 'q'),
    state: levels.find((level) => level === search.state),
    sort: word(search, 'sort'),
  }),
  device: (search: Search): DeviceAddress => ({ windows: count(search, 'windows') }),
  models: (search: Search): ModelsAddress => ({
    model: word(search, 'model'),
    version: count(search, 'version'),
    run: word(search, 'run'),
  }),
  sweep: (search: Search): SweepAddress => ({
    trial: count(search, 'trial'),
    sort: word(search, 'sort'),
    curve: search.curve === 'loss' ? 'loss' : undefined,
  }),
  drift: (search: Search): DriftAddress => ({
    alarm: word(search, 'alarm'),
    findings: search.findings === 'all' ? 'all' : undefined,
  }),
  label: (search: Search): LabelAddress => ({
    model: word(search, 'model'),
    prediction: search.prediction === 'shown' ? 'shown' : undefined,
  }),
} as const;

function word(search: Search, name: string): string | undefined {
  const value = search[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function count(search: Search, name: string): number | undefined {
  const value = Number(search[name]);
  return Number.isInteger(value) && value > 0 ? value : undefined;
}
