import type { FieldSample } from '@edgewise/protocol/http';

/** One answer of this sitting. `null` skipped the sample. */
export interface Answered {
  readonly sample: FieldSample;
  readonly label: number | null;
}

/** A sitting at the label queue. */
export interface Sitting {
  /** Oldest first. */
  readonly answered: readonly Answered[];
  /** A sample that came back by undo or failure and is to be shown next. */
  readonly returned: readonly FieldSample[];
}

/** A sitting that begins. */
export const emptySitting: Sitting = { answered: [], returned: [] };

/** The sample to be decided now, and those after it. What was answered here is not asked again. */
export function upcoming(queue: readonly FieldSample[], sitting: Sitting): readonly FieldSample[] {
  const done = new Set(sitting.answered.map((each) => each.sample.sample));
  const first = new Set(sitting.returned.map((each) => each.sample));
  const rest = queue.filter((each) => !done.has(each.sample) && !first.has(each.sample));
  return [...sitting.returned, ...rest];
}

/** After an answer. */
export function answer(sitting: Sitting, sample: FieldSample, label: number | null): Sitting {
  return {
    answered: [...sitting.answered, { sample, label }],
    returned: sitting.returned.filter((each) => each.sample !== sample.sample),
  };
}

/** After an answer was taken back, by undo or because it could not be stored. */
export function takeBack(sitting: Sitting, sample: FieldSample): Sitting {
  return {
    answered: sitting.answered.filter((each) => each.sample.sample !== sample.sample),
    returned: [sample, ...sitting.returned.filter((each) => each.sample !== sample.sample)],
  };
}

/** What a key at the queue means. */
export type LabelKey =
  | { readonly kind: 'choose'; readonly label: number }
  | { readonly kind: 'type'; readonly typed: string }
  | { readonly kind: 'skip' }
  | { readonly kind: 'undo' }
  | { readonly kind: 'prediction' }
  | { readonly kind: 'none' };

const letters: Readonly<Record<string, LabelKey | undefined>> = {
  s: { kind: 'skip' },
  z: { kind: 'undo' },
  p: { kind: 'prediction' },
};

/** The most classes that have a key each. */
const keyLimit = 10;

/** The key of a class: its own name where all names are single digits, else its place. Undefined above ten classes. */
export function keyOf(classes: readonly string[], label: number): string | undefined {
  if (classes.length > keyLimit) return undefined;
  return classes.every((name) => /^\d$/.test(name)) ? classes[label] : String(label);
}

/** Reads a key. Above ten classes digits are gathered until Enter. */
export function readKey(key: string, classes: readonly string[], typed: string): LabelKey {
  const letter = letters[key];
  if (letter) return letter;
  if (classes.length <= keyLimit) {
    const label = classes.findIndex((_, index) => keyOf(classes, index) === key);
    return label < 0 ? { kind: 'none' } : { kind: 'choose', label };
  }
  if (/^\d$/.test(key)) return { kind: 'type', typed: typed + key };
  if (key === 'Backspace') return { kind: 'type', typed: typed.slice(0, -1) };
  const label = Number(typed);
  return key === 'Enter' && typed !== '' && label < classes.length
    ? { kind: 'choose', label }
    : { kind: 'none' };
}

/** How a sample is shown: as a picture or, with one dimension, as bars. */
export function shapeOf(dims: readonly number[]): 'picture' | 'vector' {
  return dims.filter((size) => size > 1).length >= 2 ? 'picture' : 'vector';
}

/** The numbers of a raw sample, little-endian as they came. Empty for a type that cannot be drawn. */
export function numbersOf(bytes: Uint8Array, dtype: string): readonly number[] {
  const copy = bytes.slice().buffer;
  if (dtype === 'uint8') return [...bytes];
  if (dtype === 'int8') return [...new Int8Array(copy)];
  if (dtype === 'float32') return [...new Float32Array(copy, 0, Math.floor(copy.byteLength / 4))];
  return [];
}
