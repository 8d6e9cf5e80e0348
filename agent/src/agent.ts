import {
  type BundleRef,
  type DevicePolicies,
  type FleetError,
  mebibytes,
  type Presence,
  seconds,
} from '@edgewise/protocol';
import type { Agent, AgentParts } from './agent-parts.ts';
import { createLoop, type LoopEvent } from './core/loop.ts';
import { plan } from './core/plan.ts';
import { fetchBundle } from './download/fetch-bundle.ts';
import { createExecutors } from './executors.ts';
import { createEngine } from './inference/engine.ts';
import { openSlot } from './inference/open-slot.ts';
import { createSink } from './inference/sink.ts';
import { defaultTrial, judgeTrial, watchTrials } from './inference/trial.ts';
import { startOutboxPump } from './link/outbox-pump.ts';
import { createObedience } from './orders/obey.ts';
import { openOrderBook } from './orders/order-book.ts';
import { createReceiver } from './orders/receiver.ts';
import { boot } from './slots/boot.ts';
import { readVerified } from './slots/bundle-folder.ts';
import { openSlots } from './slots/slots.ts';
import { runSources } from './sources/run-sources.ts';
import { createEventLog, eventOf, shortOf } from './telemetry/event-log.ts';
import { beginLife, endLife } from './telemetry/life.ts';
import { startReporter } from './telemetry/reporter.ts';
import { stateOf } from './telemetry/state.ts';
import { type Status, statusAfter, withProgress } from './telemetry/status.ts';

/** How a device behaves before its first target. */
const firstPolicies: DevicePolicies = { predictions: 'off', outboxBytes: mebibytes(16) };
const defaults = {
  mostAttempts: 3,
  quietMs: 250,
  heartbeatMs: seconds(30),
  trial: defaultTrial,
};

/** Boots into a valid slot, connects the parts and starts to reconcile. */
export async function createAgent(parts: AgentParts): Promise<Agent> {
  const { fleet, device, clock, disk, link, outbox, log } = parts;
  const tuning = { ...defaults, ...parts.tuning };
  const nowMs = () => clock.nowMs();
  const beganMs = nowMs();
  const stopping = new AbortController();
  const restart = Promise.withResolvers<void>();
  let status: Status = {};

  const previousExit = await beginLife(disk);
  const slots = await openSlots(disk);
  const orders = await openOrderBook({ ...parts, addressee: parts, nowMs });
  const policies = () => orders.target?.policies ?? firstPolicies;
  const wanted = () => orders.target?.active ?? undefined;

  const pump = await startOutboxPump(parts);
  const events = createEventLog({
    outbox,
    nowMs,
    onAppended: () => pump.wake(),
    onTrouble: (thrown) => log.error({ err: thrown }, 'The outbox cannot be written.'),
  });
  const tell = (error: FleetError, text: string) => {
    log.warn({ code: error.code, err: error }, text);
    events.append({ kind: 'error', ...shortOf(error) });
  };

  const engine = createEngine({
    elapsedMs: () => performance.now(),
    onAnswered: () => {},
    onRun: () => {
      if (onTrial() && trial().verdict !== 'running') loop.trigger();
    },
  });
  const onTrial = () => slots.roles.active?.status === 'trial';
  const trial = () => judgeTrial(tuning.trial, engine.record, { elapsedMs: performance.now() });

  const open = async (bundle: BundleRef) =>
    openSlot(parts.runtime, await readVerified(parts, bundle));
  const bootSlot = async () => {
    const onFailure = (bundle: BundleRef, error: FleetError) =>
      tell(error, `${bundle.model} ${bundle.version} did not come up.`);
    const booted = await boot({ ...tuning, slots, open, nowMs, onFailure });
    return booted?.opened;
  };
  const steps = createExecutors({
    slots,
    engine,
    nowMs,
    wanted,
    open,
    boot: bootSlot,
    verify: (bundle) => readVerified(parts, bundle),
    fetch: (bundle, signal) => fetchBundle(parts, bundle, { signal, onProgress }),
  });
  const loop = createLoop({
    ...parts,
    ...(tuning.retry && { retry: tuning.retry }),
    executors: steps.executors,
    onEvent: onLoopEvent,
    plan: () =>
      plan(slots.roles, orders.target, {
        ...parts,
        nowMs: nowMs(),
        trial: trial(),
        bundle: steps.bundleState(wanted()?.manifest ?? ''),
        mostAttempts: tuning.mostAttempts,
      }),
  });

  const state = () => {
    const { messages, bytes, dropped } = outbox.stats();
    return stateOf(parts, {
      ...status,
      atMs: nowMs(),
      clock: parts.clockSource(),
      observedGeneration: orders.target?.generation ?? 0,
      roles: slots.roles,
      health: {
        uptimeMs: Math.max(0, Math.round(nowMs() - beganMs)),
        rssBytes: parts.rssBytes(),
        served: engine.served,
        outboxMessages: messages,
        outboxBytes: bytes,
        outboxDropped: dropped,
      },
    });
  };

  function onLoopEvent(event: LoopEvent): void {
    status = statusAfter(status, event);
    const body = eventOf(event);
    if (body !== undefined) events.append(body);
    logStep(event);
    reporter.touch();
  }

  function logStep(event: LoopEvent): void {
    if (event.kind === 'done') log.info({ step: event.step.name }, 'Step done.');
    if (event.kind === 'failed') {
      log.warn({ step: event.step.name, code: event.error.code, err: event.error }, 'Step failed.');
    }
  }

  function onProgress(done: number, total: number): void {
    status = withProgress(status, { done, total });
    reporter.touch();
  }

  const present = (presence: Presence['status']) => {
    const { instance } = parts;
    const body: Presence = {
      v: 1,
      status: presence,
      instance,
      session: link.session,
      atMs: nowMs(),
    };
    // Without a connection the next one says it.
    return link.publish('presence', { fleet, device }, body).catch(() => undefined);
  };
  const ungreet = link.onConnect(() => void present('online'));
  const reporter = startReporter({ ...parts, ...tuning, state });
  link.onConnect(() => events.reportDropped());

  events.append({ kind: 'started', agentVersion: parts.agentVersion, previousExit });
  const served = await bootSlot();
  if (served !== undefined) await engine.swap(served);
  outbox.limit(policies().outboxBytes);
  const receiver = await createReceiver({
    ...parts,
    orders,
    nowMs,
    onTarget: () => {
      outbox.limit(policies().outboxBytes);
      loop.trigger();
      reporter.touch();
    },
    obey: createObedience({
      log,
      lines: parts.logLines,
      capture: () => {},
      onRestart: () => restart.resolve(),
    }),
    onRefused: (channel, error) => tell(error, `A ${channel} was refused.`),
  });

  const newSink = () =>
    createSink({ ...parts, engine, nowMs, predictions: () => policies().predictions });
  const sources = runSources(parts.sources, {
    newSink,
    log,
    signal: stopping.signal,
    onFailed: (error, name) => tell(error, `Source ${name} failed.`),
  });
  const looping = loop.run(stopping.signal);
  const check = () => (onTrial() ? loop.trigger() : undefined);
  const watching = watchTrials(clock, { check, signal: stopping.signal });

  return {
    get state() {
      return state();
    },
    sink: newSink(),
    restartAsked: restart.promise,
    async [Symbol.asyncDispose]() {
      if (stopping.signal.aborted) return;
      stopping.abort();
      await Promise.all([receiver[Symbol.asyncDispose](), sources, looping, watching]);
      ungreet();
      await reporter.flush();
      await reporter[Symbol.asyncDispose]();
      await present('stopped');
      await pump[Symbol.asyncDispose]();
      await engine[Symbol.asyncDispose]();
      await endLife(disk);
    },
  };
}
