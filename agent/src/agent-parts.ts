import type { Sha256 } from '@edgewise/models/bundle';
import type { Runtime } from '@edgewise/models/runtime';
import type { DeviceClass, DeviceState, FleetError } from '@edgewise/protocol';
import type { Clock } from './core/clock.ts';
import type { Log } from './core/log.ts';
import type { RetryPolicy } from './core/retry.ts';
import type { Trust } from './core/trust.ts';
import type { TrialPolicy } from './inference/trial.ts';
import type { AgentLink } from './link/agent-link.ts';
import type { Outbox } from './link/outbox.ts';
import type { Disk } from './slots/disk.ts';
import type { Sink, Source } from './sources/source.ts';

/** Everything an agent is made of. It owns none of it: whoever made a part closes it. */
export interface AgentParts {
  readonly fleet: string;
  readonly device: string;
  /** Random per process start. */
  readonly instance: string;
  readonly deviceClass: DeviceClass;
  readonly agentVersion: string;
  readonly runtime: Runtime;
  readonly link: AgentLink;
  readonly outbox: Outbox;
  readonly disk: Disk;
  readonly clock: Clock;
  /** Where the clock has its time from. */
  readonly clockSource: () => DeviceState['clock'];
  readonly sha256: Sha256;
  readonly trust: Trust;
  readonly random: () => number;
  readonly log: Log;
  /** The newest lines of the log, oldest first, for the `logs` command. */
  readonly logLines: (count: number) => readonly string[];
  /** Memory of the process. */
  readonly rssBytes: () => number;
  readonly sources: readonly Source[];
  readonly tuning?: AgentTuning;
}

/** What may be set otherwise for tests, simulations and unusual devices. */
export interface AgentTuning {
  readonly trial?: TrialPolicy;
  readonly retry?: RetryPolicy;
  /** Starts on trial, or proofs, that may end the process before a bundle is refused; default 3. */
  readonly mostAttempts?: number;
  /** Changes of state closer together than this are reported together; default 250. */
  readonly quietMs?: number;
  /** Span between reports when nothing but counters moved; default 30 s. */
  readonly heartbeatMs?: number;
}

/** A running agent. Disposing stops it cleanly and says so. */
export interface Agent extends AsyncDisposable {
  readonly state: DeviceState;
  /** Answers inputs of a caller in the same process, as a source does. */
  readonly sink: Sink;
  /** Resolves when the agent should not go on as it is. */
  readonly ended: Promise<AgentEnd>;
}

/** Why an agent should not go on: a command asks for a restart, or a part cannot work as it is set. */
export type AgentEnd =
  | { readonly kind: 'restart' }
  | { readonly kind: 'failed'; readonly what: string; readonly error: FleetError };
