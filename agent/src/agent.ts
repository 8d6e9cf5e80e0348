import {
  type BundleRef,
  type DevicePolicies,
  type FleetError,
  mebibytes,
  type Presence,
  seconds,
} from '@edgewise/protocol';
import type { Agent, AgentEnd, AgentParts } from './agent-parts.ts';
import { startCapture } from './capture/capture.ts';
import { openSampleStore } from './capture/sample-store.ts';
import { everySecond } from './core/every-second.ts';
import { createLoop, type LoopEvent } from './core/loop.ts';
import { plan } from './core/plan.ts';
import { fetchBundle } from './download/fetch-bundle.ts';
import { createExecutors } from './executors.ts';
import { createEngine } from './inference/engine.ts';
import { openSlot } from './inference/open-slot.ts';
import { createSink } from './inference/sink.ts';
import { defaultTrial, judgeTrial } from './inference/trial.ts';
import { createWindows } from './inference/windows.ts';
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
/** Room for inputs that a command asked for, where the target sets no budget. */
const sampleBudgetBytes = mebibytes(16);
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
  const ended = Promise.withResolvers<AgentEnd>();
  let status: Status = {};
  /** Messages that never got into the outbox. */
  let lost = 0;

  const previousExit = await beginLife(disk);
  const slots = await openSlots(disk);
  const orders = await openOrderBook({ ...parts, addressee: parts, nowMs });
  const policies = () => orders.target?.policies ?? firstPolicies;
  const wanted = () => orders.target?.active ?? undefined;

  const pump = await startOutboxPump(parts);
  const keeping = {
    outbox,
    nowMs,
    onAppended: () => pump.wake(),
    onTrouble: (thrown: unknown) => {
      lost++;
      log.error({ err: thrown }, 'The outbox cannot be written.');
    },
  };
  const events = createEventLog(keeping);
  const windows = createWindows(keeping);
  const tell = (error: FleetError, text: string) => {
    log.warn({ code: error.code, err: error }, text);
    events.append({ kind: 'error', ...shortOf(error) });
  };

  const capture = await startCapture({
    ...parts,
    nowMs,
    store: await openSampleStore({
      ...parts,
      budgetBytes: () => policies().capture?.budgetBytes ?? sampleBudgetBytes,
    }),
    policy: () => policies().capture,
    onEvent: (body) => events.append(body),
    onTrouble: tell,
  });
  const engine = createEngine({
    elapsedMs: () => performance.now(),
    onAnswered: (slot, answered) => {
      windows.add(slot, answered);
      capture.see(answered);
    },
    onLeft: (slot) => windows.leave(slot),
    onRun: () => {
      if (onTrial() && trial().verdict !== 'running') loop.trigger();
    },
  });
  const onTrial = () => slots.roles.active?.status === 'trial';
  const trial = () => judgeTrial(tuning.trial, engine.record, { elapsedMs: performance.now() });

  const open = async (bundle: BundleRef) => openSlot(parts, await readVerified(parts, bundle));
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
        outboxDropped: dropped + lost,
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
  const reporter = startReporter({ ...parts, ...tuning, state });

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
      capture: (command) => capture.order(command),
      onRestart: () => ended.resolve({ kind: 'restart' }),
    }),
    onRefused: (channel, error) => tell(error, `A ${channel} was refused.`),
  });

  // Whoever sees the device online can send it commands: subscriptions come first.
  const ungreet = link.onConnect(() => {
    log.info({ session: link.session }, 'Connected.');
    void present('online');
    events.reportDropped();
  });

  const newSink = () =>
    createSink({ ...parts, engine, nowMs, predictions: () => policies().predictions });
  const sources = runSources(parts.sources, {
    ...parts,
    newSink,
    signal: stopping.signal,
    onFailed: (error, { name, isFinal }) => {
      tell(error, `Source ${name} failed.`);
      if (isFinal) ended.resolve({ kind: 'source-failed', source: name, error });
    },
  });
  const looping = loop.run(stopping.signal);
  const ticking = everySecond(clock, stopping.signal, () => {
    windows.tick();
    // A slot that gets no inputs passes its trial by time alone.
    if (onTrial()) loop.trigger();
  });

  return {
    get state() {
      return state();
    },
    sink: newSink(),
    ended: ended.promise,
    async [Symbol.asyncDispose]() {
      if (stopping.signal.aborted) return;
      stopping.abort();
      await Promise.all([receiver[Symbol.asyncDispose](), sources, looping, ticking]);
      // Closes the open window into the outbox, which the next process sends.
      await engine[Symbol.asyncDispose]();
      await capture[Symbol.asyncDispose]();
      ungreet();
      await reporter.flush();
      await reporter[Symbol.asyncDispose]();
      await present('stopped');
      await pump[Symbol.asyncDispose]();
      await endLife(disk);
    },
  };
}
