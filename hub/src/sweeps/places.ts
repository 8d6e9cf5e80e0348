/** Places in a JSON document: names and indexes joined by dots. */
import { FleetError } from '@edgewise/protocol';

type Holder = Record<string, unknown>;

/** A place that a sweep varies, with what may stand there. */
export type Parameters = Readonly<Record<string, unknown>>;

/**
 * A copy of a document with other values at some places. Throws `invalid-argument` for a place that
 * the document does not have; it names the part that is missing and what is there instead.
 */
export function withValues(document: unknown, parameters: Parameters): unknown {
  const copy = structuredClone(document);
  for (const [place, value] of Object.entries(parameters)) {
    const names = place.split('.');
    const last = names.pop() ?? '';
    const holder = names.reduce((at, name) => step(at, name, place), copy);
    step(holder, last, place);
    (holder as Holder)[last] = structuredClone(value);
  }
  return copy;
}

/** Throws `invalid-argument` where one place lies within another: both cannot be varied at once. */
export function assertApart(places: readonly string[]): void {
  for (const place of places) {
    const outer = places.find((other) => place.startsWith(`${other}.`));
    if (outer === undefined) continue;
    throw new FleetError(
      'invalid-argument',
      `The sweep varies "${outer}" and "${place}" within it; name one of them.`,
    );
  }
}

function step(at: unknown, name: string, place: string): unknown {
  const isHolder = typeof at === 'object' && at !== null;
  const names = isHolder ? Object.keys(at) : [];
  // Not by `in` or `hasOwn`: the length of a list is no place.
  if (names.includes(name)) return (at as Holder)[name];
  const known = isHolder ? names.slice(0, 20).join(', ') : 'nothing below it';
  throw new FleetError(
    'invalid-argument',
    `The sweep's "${place}" names nothing in the recipe: there is no "${name}", but ${known}. A setting that has its default must be written into the recipe to be varied; places look like "optimizer.rate" or "layers.0.filters".`,
  );
}
