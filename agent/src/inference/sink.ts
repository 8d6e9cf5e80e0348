import { type DevicePolicies, limits, type Prediction, seconds } from '@edgewise/protocol';
import type { AgentLink } from '../link/agent-link.ts';
import type { NumberedAnswer, Sink } from '../sources/source.ts';
import type { Engine } from './engine.ts';

interface SinkParts {
  readonly engine: Engine;
  readonly link: AgentLink;
  readonly fleet: string;
  readonly device: string;
  readonly nowMs: () => number;
  readonly predictions: () => DevicePolicies['predictions'];
}

/** Predictions on their way to the broker; beyond this they are not published. */
const mostUnderWay = 256;

/**
 * Joins one source to the engine: numbers its inputs and publishes their answers when asked to, on
 * fast streams only some: the connection also carries what the hub must know. Item numbers show
 * what was left out.
 */
export function createSink(parts: SinkParts): Sink {
  const { engine, link, fleet, device } = parts;
  let items = 0;
  let underWay = 0;
  let second = 0;
  let published = 0;

  function isDue(): boolean {
    const now = Math.floor(parts.nowMs() / seconds(1));
    if (now !== second) published = 0;
    second = now;
    return published++ < limits.predictionsPerSecond;
  }

  async function publish(answer: NumberedAnswer, qos: 0 | 1): Promise<void> {
    const { margin: _margin, ...facts } = answer;
    const prediction: Prediction = { v: 1, device, atMs: parts.nowMs(), ...facts };
    underWay++;
    try {
      const where = { fleet, device, model: answer.model };
      await link.publish('prediction', where, prediction, undefined, qos);
    } catch {
      // Predictions are for whoever listens now; the windows keep the counts.
    } finally {
      underWay--;
    }
  }

  return {
    ready: (signal) => engine.ready(signal),
    inputs: () => engine.serving?.manifest.inputs,
    status: () => ({
      device,
      serving: engine.serving?.bundle ?? null,
      served: engine.served,
      isConnected: link.isConnected,
    }),
    async answer(inputs, signal) {
      const answers = await engine.answer(inputs, signal);
      const numbered = answers.map((answer) => ({ ...answer, item: items++ }));
      const policy = parts.predictions();
      if (policy !== 'off' && link.isConnected && underWay < mostUnderWay) {
        for (const answer of numbered) if (isDue()) void publish(answer, policy === 'qos1' ? 1 : 0);
      }
      return numbered;
    },
  };
}
