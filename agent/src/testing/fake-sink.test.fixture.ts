import type { ModelInput } from '@edgewise/models/bundle';
import { FleetError } from '@edgewise/protocol';
import { bytesOfItem } from '../inference/items.ts';
import type { Sink } from '../sources/source.ts';

const image: ModelInput = { name: 'image', dtype: 'uint8', dims: [1, 2, 2], source: 'image' };

/** A sink that notes its inputs and answers all alike. */
export function createFakeSink(
  options: { readonly inputs?: readonly ModelInput[] | undefined } = { inputs: [image] },
): { readonly sink: Sink; readonly seen: string[] } {
  const seen: string[] = [];
  const { inputs } = options;
  const sink: Sink = {
    ready: () => Promise.resolve(),
    inputs: () => inputs,
    status: () => ({ device: 'pi', serving: null, served: seen.length, isConnected: false }),
    answer(items) {
      if (inputs === undefined) return Promise.reject(new FleetError('unavailable', 'No model.'));
      try {
        return Promise.resolve(
          items.map((item, index) => {
            seen.push(bytesOfItem(inputs, item, { index }).join());
            const facts = { model: 'tiny', version: 1, class: 2, label: 'c' };
            return { ...facts, confidence: 0.5, margin: 0.1, latencyUs: 10, item: seen.length - 1 };
          }),
        );
      } catch (thrown) {
        return Promise.reject(FleetError.from(thrown));
      }
    },
  };
  return { sink, seen };
}
