import type { FieldSample } from '@edgewise/protocol/http';
import type { SampleUse } from './field-sample-records.ts';

/** Labelled random samples that are kept for the gate; it needs 100 at least. */
const gateSamples = 120;

/**
 * What a label is for: of the random samples every second one judges until the gate has enough, so
 * that early labels serve both ends. Uncertain samples would bias a judgement and always teach.
 */
export function chooseUse(
  reason: FieldSample['reason'],
  labelled: Readonly<Record<SampleUse, number>>,
): SampleUse {
  if (reason !== 'random' || labelled.gate >= gateSamples) return 'train';
  return labelled.gate <= labelled.train ? 'gate' : 'train';
}
