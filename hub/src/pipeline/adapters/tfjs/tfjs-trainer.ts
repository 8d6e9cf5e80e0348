import type { Runtime } from '@edgewise/models/runtime';
import { train } from '@edgewise/models/train';
import { assertTfjsTrains } from '../../tfjs-gaps.ts';
import type { Trainer } from '../../trainer.ts';
import { type LoadedTfjs, loadTfjs } from './load-tfjs.ts';
import { createTfjsStepper } from './tfjs-stepper.ts';

/**
 * Trains with TensorFlow.js; `runtime` measures the validation data on the ONNX model that comes
 * out. Only tfjs in plain JavaScript promises the same bytes again: tfjs-node adds in whatever order
 * its threads come to.
 */
export async function createTfjsTrainer(
  runtime: Runtime,
  loading: Promise<LoadedTfjs> = loadTfjs(),
): Promise<Trainer> {
  const { tf, engine } = await loading;
  return {
    engine,
    async train(request) {
      const { recipe } = request;
      assertTfjsTrains(recipe);
      return await train({
        ...{ ...request, runtime },
        stepWith: (start) => Promise.resolve(createTfjsStepper(tf, recipe, start)),
      });
    },
  };
}
