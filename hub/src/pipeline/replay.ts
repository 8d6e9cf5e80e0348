/** Chooses what a retraining sees of the old data and how often it sees the new. */

/** Old samples that are shown again: enough to forget nothing, few enough to finish soon. */
const replaySamples = 16_000;

/** A field sample is shown at most this often per epoch. */
const mostCopies = 24;

/** Places of the old samples to show again: the same number of each class, as far as there are any. */
export function chooseReplay(labels: Int32Array, seed: number): readonly number[] {
  const byClass = placesByClass(labels);
  const share = Math.ceil(replaySamples / byClass.length);
  return byClass.flatMap((places) => {
    const start = places.length > 0 ? (seed * 7919) % places.length : 0;
    const count = Math.min(share, places.length);
    return Array.from({ length: count }, (_, at) => places[(start + at) % places.length] ?? 0);
  });
}

/** Places of the new samples, repeated so that classes weigh alike and all weigh as much as `weight` samples. */
export function balanceField(labels: Int32Array, weight: number): readonly number[] {
  const byClass = placesByClass(labels).filter((places) => places.length > 0);
  const share = Math.ceil(weight / Math.max(1, byClass.length));
  return byClass.flatMap((places) => {
    const count = Math.min(share, places.length * mostCopies);
    return Array.from({ length: count }, (_, at) => places[at % places.length] ?? 0);
  });
}

function placesByClass(labels: Int32Array): readonly (readonly number[])[] {
  const byClass: number[][] = [];
  for (const [place, label] of labels.entries()) {
    while (byClass.length <= label) byClass.push([]);
    byClass[label]?.push(place);
  }
  return byClass;
}
