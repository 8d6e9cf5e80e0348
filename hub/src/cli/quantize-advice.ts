import type { Feeds } from '@edgewise/models/runtime';
import { type OpenBranch, openBranches, type Shrunk } from '@edgewise/models/shrink';

/**
 * What would bring more nodes within reach of int8: inputs that decide between branches and are always
 * the same can be frozen, sizes can be fixed. With the numbers and sizes of the data.
 */
export function adviceFor(
  { float }: Pick<Shrunk, 'float'>,
  feeds: readonly Feeds[],
): readonly string[] {
  const open = openBranches(float);
  const inputs = distinct(open, ({ inputs: names }) => names);
  const freezing = inputs.map((name) => {
    const nodes = namesOf(open.filter((branch) => branch.inputs.includes(name)));
    return `--freeze ${name}=${numberOf(name, feeds) ?? 'NUMBER'} where it is always the same: it decides ${nodes}`;
  });
  const bySize = open.filter((branch) => branch.inputs.length === 0 && branch.sizes.length > 0);
  const dims = new Map(float.graph.inputs.map((input) => [input.name, input.dims ?? []]));
  const shapes = distinct(bySize, ({ sizes }) => sizes).map((name) => {
    const given = feeds[0]?.[name]?.dims ?? [];
    const sizes = (dims.get(name) ?? []).map((size, axis) => {
      // The first size is that of a batch, which any number may have.
      return typeof size === 'number' ? size : axis === 0 ? '?' : (given[axis] ?? '?');
    });
    return `${name}=${sizes.join(',')}`;
  });
  if (shapes.length === 0) return freezing;
  const how = `--shape ${shapes.join(' ')} where sizes are always these`;
  return [...freezing, `${how}: they decide ${namesOf(bySize)}`];
}

const distinct = (
  branches: readonly OpenBranch[],
  of: (branch: OpenBranch) => readonly string[],
): readonly string[] => [...new Set(branches.flatMap(of))];

function namesOf(branches: readonly OpenBranch[]): string {
  const [first, ...rest] = branches;
  return rest.length === 0 ? `${first?.node} (If)` : `${branches.length} Ifs, as ${first?.node}`;
}

/** The one number that an input has in all feeds. */
function numberOf(name: string, feeds: readonly Feeds[]): number | undefined {
  const numbers = new Set(feeds.flatMap((feed) => Array.from(feed[name]?.data ?? [], Number)));
  return numbers.size === 1 ? [...numbers][0] : undefined;
}
