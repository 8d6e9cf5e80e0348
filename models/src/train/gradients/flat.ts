/**
 * Operators whose outputs are sizes, places, truth values or steps: no small change of their inputs
 * changes them, so that no gradient passes.
 */
export const flatOperators: ReadonlySet<string> = new Set([
  ...['Shape', 'Size', 'ArgMax', 'ArgMin'],
  ...['Equal', 'Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual', 'Not', 'And', 'Or', 'Xor'],
  ...['Floor', 'Ceil', 'Round', 'Sign', 'IsNaN', 'IsInf'],
]);
