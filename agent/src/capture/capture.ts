import { blockCount, splitBlocks } from '@edgewise/models/bundle';
import {
  type CapturePolicy,
  type Command,
  days,
  type EventBody,
  FleetError,
  type MissingParts,
  type SampleOffer,
} from '@edgewise/protocol';
import type { Answered } from '../inference/answer.ts';
import type { AgentLink } from '../link/agent-link.ts';
import type { SampleStore } from './sample-store.ts';
import { createSelection, type Selection } from './selection.ts';

interface CaptureParts {
  readonly store: SampleStore;
  readonly link: AgentLink;
  readonly fleet: string;
  readonly device: string;
  readonly nowMs: () => number;
  readonly random: () => number;
  readonly policy: () => CapturePolicy | undefined;
  readonly onEvent: (body: EventBody) => void;
  readonly onTrouble: (error: FleetError, text: string) => void;
}

/** Keeps inputs for labelling: as a command orders, or as the policy of the target allows. */
export interface Capture extends AsyncDisposable {
  see(answered: Answered): void;
  /** Starts what a `capture` command orders. Throws `conflict` while another one runs. */
  order(command: Command): void;
}

interface Running {
  readonly request: string;
  readonly model: string;
  readonly selection: Selection;
}

/** Inputs that wait to be written; what the policy would add beyond is passed over. */
const mostWaiting = 32;

/** Starts to answer what the hub wants of the kept inputs. */
export async function startCapture(parts: CaptureParts): Promise<Capture> {
  const { store, link, fleet, device } = parts;
  let running: Running | undefined;
  let waiting = 0;
  let last: Promise<void> = Promise.resolve();
  let day = { startMs: 0, bytes: 0 };

  function enqueue(work: () => Promise<void>): void {
    waiting++;
    last = last
      .then(work)
      .catch((thrown: unknown) => parts.onTrouble(FleetError.from(thrown), 'Capture failed.'))
      .finally(() => waiting--);
  }

  async function keep(
    chosen: readonly { readonly answered: Answered; readonly reason: SampleOffer['reason'] }[],
    request?: string,
  ): Promise<void> {
    const kept = await store.keep(chosen.map(({ answered }) => answered.input));
    for (const [index, { answered, reason }] of chosen.entries()) {
      const stored = kept[index];
      if (stored === undefined) continue;
      const { model, version, confidence, class: predicted } = answered.answer;
      parts.onEvent({
        kind: 'sample',
        sample: stored.digest,
        sizeBytes: stored.sizeBytes,
        parts: blockCount(stored.sizeBytes),
        ...{ model, version, confidence, predicted, reason },
        ...(request === undefined ? {} : { request }),
      });
    }
  }

  function finish(done: Running): void {
    running = undefined;
    enqueue(() => keep(done.selection.chosen(), done.request));
  }

  function seeByPolicy(answered: Answered, policy: CapturePolicy): void {
    const reason = reasonOf(answered, policy, parts.random);
    if (reason === undefined || waiting >= mostWaiting) return;
    const nowMs = parts.nowMs();
    if (nowMs - day.startMs >= days(1)) day = { startMs: nowMs, bytes: 0 };
    if (day.bytes + answered.input.length > policy.budgetBytesPerDay) return;
    day = { ...day, bytes: day.bytes + answered.input.length };
    const own = { ...answered, input: answered.input.slice() };
    enqueue(() => keep([{ answered: own, reason }]));
  }

  async function send({ digest, missing }: MissingParts): Promise<void> {
    const bytes = await store.read(digest);
    if (bytes === undefined) throw new FleetError('not-found', `Sample ${digest} is gone.`);
    const blocks = splitBlocks(bytes);
    for (const part of missing) {
      const block = blocks[part];
      if (block === undefined) continue;
      await link.publish('sample', { fleet, device, digest, part: `${part}` }, block);
    }
  }

  const unsubscribe = await link.subscribe('want', { fleet, device }, (want) =>
    enqueue(() => send(want)),
  );

  return {
    see(answered) {
      if (running?.model === answered.answer.model && running.selection.add(answered)) {
        finish(running);
      }
      const policy = parts.policy();
      if (policy !== undefined) seeByPolicy(answered, policy);
    },
    order({ transaction, body }) {
      if (body.kind !== 'capture') return;
      if (running !== undefined) throw new FleetError('conflict', 'Another capture still runs.');
      const selection = createSelection(body, parts.random);
      running = { request: transaction, model: body.model, selection };
    },
    async [Symbol.asyncDispose]() {
      await unsubscribe().catch(() => undefined);
      if (running !== undefined) finish(running);
      await last;
    },
  };
}

function reasonOf(
  { answer }: Answered,
  policy: CapturePolicy,
  random: () => number,
): SampleOffer['reason'] | undefined {
  if (random() < policy.rate) return 'random';
  return answer.confidence < policy.belowConfidence ? 'policy' : undefined;
}
