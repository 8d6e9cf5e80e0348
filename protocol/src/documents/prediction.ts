import Type, { type Static } from 'typebox';
import { Count, Id, TimestampMs, Version } from '../ids.ts';

/** One answer of a model, for whoever subscribes. */
export const Prediction = Type.Object({
  v: Type.Integer({ minimum: 1 }),
  device: Id,
  model: Id,
  version: Version,
  atMs: TimestampMs,
  /** Number of the input since the source was opened. */
  item: Count,
  /** Index of the most probable class and its name where the model names its classes. */
  class: Count,
  label: Type.Optional(Type.String({ maxLength: 100 })),
  confidence: Type.Number({ minimum: 0, maximum: 1 }),
  latencyUs: Count,
});
export type Prediction = Static<typeof Prediction>;
