import { encodeSamples, selectSamples } from '../../datasets/samples.ts';
import type { StepResults } from '../step-results.ts';
import type { TrainingData } from '../training-data.ts';
import type { StepWork } from './context.ts';

/** Inputs that calibrate the int8 scales. */
const calibrationSamples = 256;

/** Reads and checks all data, and fixes what calibrates. */
export const prepare: StepWork<StepResults['prepare']> = async ({ blobs, data }) => {
  const parts = await data();
  const count = (part: keyof TrainingData): number => parts[part].labels.length;
  const total = count('train');
  const wanted = Math.min(calibrationSamples, total);
  // Evenly over the training set: of a retraining the new samples are a part.
  const places = Array.from({ length: wanted }, (_, at) => Math.floor((at * total) / wanted));
  const calibration = await blobs.put(encodeSamples(selectSamples(parts.train, places)));
  return {
    counts: {
      train: total,
      validation: count('validation'),
      test: count('test'),
      gate: count('gate'),
    },
    calibration,
  };
};
