import { FleetError } from '@edgewise/protocol';
import type { Tensor } from '../tensor/tensor.ts';

/** Finds weights by the layer they belong to. */
export interface WeightFinder {
  /**
   * The weight of a layer; `scope` holds the names of the models around it and its own, outermost
   * first. `undefined` when there is none. Throws `malformed` when several could be meant.
   */
  find(scope: readonly string[], weight: string): Tensor | undefined;
  /** Names that nobody asked for. */
  unused(): readonly string[];
}

/**
 * Weight names are `layer/weight`, but Keras puts the cell of a recurrent layer and models around
 * the layer between and before: `outer/lstm/lstm_cell/kernel`.
 */
export function createWeightFinder(weights: ReadonlyMap<string, Tensor>): WeightFinder {
  const byLast = Map.groupBy(weights.keys(), (name) => name.slice(name.lastIndexOf('/') + 1));
  const used = new Set<string>();
  const choose = (scope: readonly string[], weight: string): string | undefined => {
    const [own = ''] = scope.slice(-1);
    // A layer within a wrapper writes its weights under the wrapper's name.
    const names = [...fullNames(scope, weight), ...fullNames(scope.slice(0, -1), weight)];
    const hit = names.find((name) => weights.has(name));
    if (hit !== undefined) return hit;
    const near = (byLast.get(weight) ?? []).filter((name) => holds(name, own.split('/')));
    const best = mostOf(
      near,
      (name) => scope.filter((part) => holds(name, part.split('/'))).length,
    );
    if (best.length > 1) {
      const reason = `The ${weight} of layer ${own} may be ${best.join(' or ')}.`;
      throw new FleetError('malformed', reason);
    }
    return best[0];
  };
  return {
    find(scope, weight) {
      const name = choose(scope, weight);
      if (name === undefined) return undefined;
      used.add(name);
      return weights.get(name);
    },
    unused: () => [...weights.keys()].filter((name) => !used.has(name)),
  };
}

/** From the longest to the shortest. */
const fullNames = (scope: readonly string[], weight: string): readonly string[] =>
  scope.map((_, at) => [...scope.slice(at), weight].join('/'));

/** Whether the parts stand next to each other within a name. */
function holds(name: string, parts: readonly string[]): boolean {
  return `/${name}/`.includes(`/${parts.join('/')}/`);
}

function mostOf<T>(items: readonly T[], score: (item: T) => number): readonly T[] {
  const most = Math.max(...items.map(score));
  return items.filter((item) => score(item) === most);
}
