import {
  type DevicePolicies,
  FleetError,
  mebibytes,
  type Presence,
  seconds,
} from '@edgewise/protocol';
import type { Agent, AgentEnd, AgentParts } from './agent-parts.ts';
import { startCapture } from './capture/capture.ts';
import { openSampleStore } from './capture/sample-store.ts';
import { everySecond } from './core/every-second.ts';
import type { LoopEvent } from './core/loop.ts';
import { createEngine } from './inference/engine.ts';
import { createSink } from './inference/sink.ts';
import { createWindows } from './inference/windows.ts';
import { startOutboxPump } from './link/outbox-pump.ts';
import { createObedience } from './orders/obey.ts';
import { openOrderBook } from './orders/order-book.ts';
import { createReceiver } from './orders/receiver.ts';
import { createReconciler } from './reconciler.ts';
import { openSlots } from './slots/slots.ts';
import { runSources } from './sources/run-sources.ts';
import { createEventLog, eventOf, shortOf } from './telemetry/event-log.ts';
import { beginLife, endLife } from './telemetry/life.ts';
import { startReporter } from './telemetry/reporter.ts';
import { stateOf } from './telemetry/state.ts';

/** How a device behaves before its first target. */
const firstPolicies: DevicePolicies = { predictions: 'off', outboxBytes: mebibytes(16) };
/** Room for inputs that a command asked for, where the target sets no budget. */
const sampleBudgetBytes = mebibytes(16);
const reporting = { quietMs: 250, heartbeatMs: seconds(30) };

/**
 * Boots into a valid slot, connects the parts and starts to reconcile. What is made first is ended
 * last: inputs and orders stop, open windows go into the outbox, and the goodbye comes at the end.
 */
export async function createAgent(parts: AgentParts): Promise<Agent> {
  const { fleet, device, clock, disk, link, outbox, log } = parts;
  await using cleanup = new AsyncDisposableStack();
  const nowMs = () => clock.nowMs();
  const beganMs = nowMs();
  const ended = Promise.withResolvers<AgentEnd>();
  /** Messages that never got into the outbox. */
  let lost = 0;

  const previousExit = await beginLife(disk);
  cleanup.defer(() => endLife(disk));
  const slots = await openSlots(disk);
  const orders = await openOrderBook({ ...parts, addressee: parts, nowMs });
  const policies = () => orders.target?.policies ?? firstPolicies;

  const pump = cleanup.use(await startOutboxPump(parts));
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

  const present = (status: Presence['status']) => {
    const { instance } = parts;
    const { session } = link;
    const presence: Presence = { v: 1, status, instance, session, atMs: nowMs() };
    // Without a connection the next one says it.
    return link.publish('presence', { fleet, device }, presence).catch(() => undefined);
  };
  cleanup.defer(() => present('stopped'));

  const capture = cleanup.use(
    await startCapture({
      ...parts,
      nowMs,
      store: await openSampleStore({
        ...parts,
        budgetBytes: () => policies().capture?.budgetBytes ?? sampleBudgetBytes,
      }),
      policy: () => policies().capture,
      onEvent: (body) => events.append(body),
      onTrouble: tell,
    }),
  );
  const engine = cleanup.use(
    createEngine({
      elapsedMs: () => performance.now(),
      onAnswered(slot, answered) {
        windows.add(slot, answered);
        capture.see(answered);
      },
      onLeft: (slot) => windows.leave(slot),
      onRun: () => reconciler.checkTrial(),
    }),
  );
  const reconciler = createReconciler({
    ...parts,
    slots,
    engine,
    orders,
    onChanged: () => reporter.touch(),
    onFailure: (bundle, error) => tell(error, `${bundle.model} ${bundle.version} did not come up.`),
    onEvent(event) {
      const body = eventOf(event);
      if (body !== undefined) events.append(body);
      logStep(parts, event);
    },
  });

  function state() {
    const { messages, bytes, dropped } = outbox.stats();
    return stateOf(parts, {
      ...reconciler.status,
      atMs: nowMs(),
      clock: parts.clockSource(),
      observedGeneration: orders.target?.generation ?? 0,
      ...(orders.commandGeneration > 0 && { observedCommand: orders.commandGeneration }),
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
  }

  events.append({ kind: 'started', agentVersion: parts.agentVersion, previousExit });
  await engine.swap(await reconciler.boot());
  outbox.limit(policies().outboxBytes);
  // From here on a connection reports what serves.
  const reporter = cleanup.use(startReporter({ ...parts, ...reporting, ...parts.tuning, state }));
  cleanup.use(
    await createReceiver({
      ...parts,
      orders,
      nowMs,
      onTarget() {
        outbox.limit(policies().outboxBytes);
        reconciler.trigger();
        reporter.touch();
      },
      obey: createObedience({
        log,
        lines: parts.logLines,
        capture: (command) => capture.order(command),
        onRestart: () => ended.resolve({ kind: 'restart' }),
      }),
      onRefused: (channel, error) => tell(error, `A ${channel} was refused.`),
    }),
  );
  // Whoever sees the device online can send it commands: subscriptions come first.
  const ungreet = link.onConnect(() => {
    log.info({ session: link.session }, 'Connected.');
    void present('online');
    events.reportDropped();
  });
  cleanup.defer(ungreet);

  const stopping = new AbortController();
  const { signal } = stopping;
  const newSink = () =>
    createSink({ ...parts, engine, nowMs, predictions: () => policies().predictions });
  const work = Promise.all([
    reconciler.run(signal),
    everySecond(clock, signal, () => {
      windows.tick();
      if (link.isConnected) events.tick();
      // A slot that gets no inputs passes its trial by time alone.
      reconciler.checkTrial();
    }),
    runSources(parts.sources, {
      ...parts,
      newSink,
      signal,
      onFailed(error, { name, isFinal }) {
        tell(error, `Source ${name} failed.`);
        if (isFinal) ended.resolve({ kind: 'failed', what: name, error });
      },
    }),
  ]);
  const watched = work.catch((thrown: unknown) => {
    ended.resolve({ kind: 'failed', what: 'The agent', error: FleetError.from(thrown) });
  });
  cleanup.defer(async () => {
    stopping.abort();
    await watched;
  });
  const owned = cleanup.move();

  return {
    get state() {
      return state();
    },
    sink: newSink(),
    ended: ended.promise,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function logStep({ log }: AgentParts, event: LoopEvent): void {
  if (event.kind === 'done') log.info({ step: event.step.name }, 'Step done.');
  if (event.kind === 'failed') {
    log.warn({ step: event.step.name, code: event.error.code, err: event.error }, 'Step failed.');
  }
}
