import type { Dim, Known } from './known.ts';
import type { Rule, Site } from './site.ts';

/** Layers with a state: GRU, LSTM, RNN. Their outputs have the type of the input. */
export const recurrentRules: Readonly<Record<string, Rule>> = {
  GRU: (site) => recurrent(site),
  LSTM: (site) => recurrent(site),
  RNN: (site) => recurrent(site),
};

/** The sequence of states and the last state, and for an LSTM the last cell (ONNX `layout` 0 and 1). */
function recurrent(site: Site): readonly Known[] {
  const { dtype, dims } = site.input(0);
  const directions = site.text('direction') === 'bidirectional' ? 2 : 1;
  const hidden = site.int('hidden_size', 0) || site.input(2).dims?.[2];
  if (dims === undefined) return Array.from({ length: 3 }, () => ({ dtype, dims: undefined }));
  const [first, second] = dims;
  const batchFirst = site.int('layout', 0) === 1;
  const sequence: readonly Dim[] = batchFirst
    ? [first, second, directions, hidden]
    : [first, directions, second, hidden];
  const last: readonly Dim[] = batchFirst
    ? [first, directions, hidden]
    : [directions, second, hidden];
  return [sequence, last, last].map((sizes) => ({ dtype, dims: sizes }));
}
