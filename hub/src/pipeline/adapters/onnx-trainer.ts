import type { Runtime } from '@edgewise/models/runtime';
import { fineTune, train } from '@edgewise/models/train';
import type { Trainer } from '../trainer.ts';

/** Trains ONNX graphs in the runtime that also serves them. */
export function createOnnxTrainer(runtime: Runtime): Trainer {
  return {
    engine: {
      ...{ trainer: 'onnx', library: 'onnxruntime' },
      reason: 'It is the trainer that recipes use unless they name another.',
      build: runtime.build,
    },
    train: (request) => train({ ...request, runtime }),
    tune: (request) => fineTune({ ...request, runtime }),
  };
}
