import type { Manifest } from '@edgewise/models/bundle';
import type { Feeds } from '@edgewise/models/runtime';
import { FleetError } from '@edgewise/protocol';

/** What a model said about one input. */
export interface Answer {
  readonly model: string;
  readonly version: number;
  /** Index and probability of the most probable class. */
  readonly class: number;
  readonly label?: string;
  readonly confidence: number;
  /** Difference between the two largest probabilities. */
  readonly margin: number;
  /** From the moment the model was given the input, together with its batch. */
  readonly latencyUs: number;
}

/** Everything that is known once an input was answered. */
export interface Answered {
  readonly answer: Answer;
  /** The input's canonical bytes. */
  readonly input: Uint8Array;
  /** The profile vector; absent without a profile. */
  readonly profile?: Float32Array;
}

/** Graph outputs that serving needs. */
export function servedOutputs(manifest: Manifest): readonly string[] | undefined {
  if (manifest.task.kind !== 'classification') return undefined;
  const { output } = manifest.task;
  return manifest.profileOutput === undefined ? [output] : [output, manifest.profileOutput];
}

/**
 * Reads the answers of one batch. Throws `internal` when the graph does not give what its manifest
 * declares, such as probabilities that are no numbers.
 */
export function readAnswers(
  manifest: Manifest,
  outputs: Feeds,
  options: { readonly inputs: readonly Uint8Array[]; readonly latencyUs: number },
): readonly Answered[] {
  const { task } = manifest;
  if (task.kind !== 'classification') {
    throw new FleetError('unsupported', `Task ${task.kind} cannot be served yet.`);
  }
  const count = options.inputs.length;
  const classes = task.classes.length;
  const probabilities = floatsOf(outputs, task.output, count * classes);
  const profiles = profilesOf(manifest, outputs, count);
  return options.inputs.map((input, index) => {
    const row = probabilities.subarray(index * classes, (index + 1) * classes);
    const best = largest(row);
    const label = task.classes[best.class];
    const answer = {
      model: manifest.model,
      version: manifest.version,
      ...best,
      ...(label === undefined ? {} : { label }),
      latencyUs: options.latencyUs,
    };
    const profile = profiles?.(index);
    return profile === undefined ? { answer, input } : { answer, input, profile };
  });
}

function largest(row: Float32Array) {
  let top = 0;
  let first = -1;
  let second = -1;
  for (const [index, value] of row.entries()) {
    if (!Number.isFinite(value)) throw new FleetError('internal', 'A probability is no number.');
    if (value > first) {
      second = first;
      first = value;
      top = index;
    } else if (value > second) {
      second = value;
    }
  }
  const confidence = Math.min(1, Math.max(0, first));
  return { class: top, confidence, margin: first - Math.max(0, second) };
}

function profilesOf(manifest: Manifest, outputs: Feeds, count: number) {
  if (manifest.profileOutput === undefined) return undefined;
  const all = floatsOf(outputs, manifest.profileOutput, undefined);
  const features = all.length / count;
  return (index: number) => all.slice(index * features, (index + 1) * features);
}

function floatsOf(outputs: Feeds, name: string, length: number | undefined): Float32Array {
  const data = outputs[name]?.data;
  if (data instanceof Float32Array && (length === undefined || data.length === length)) return data;
  throw new FleetError('internal', `Output "${name}" is not what the manifest declares.`);
}
