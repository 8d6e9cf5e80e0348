/** Round numbers that span the values: steps of 1, 2 or 5 times a power of ten, at least two. */
export function niceTicks(values: readonly number[], wanted: number): readonly number[] {
  if (values.length === 0) return [0, 1];
  const low = Math.min(...values);
  const high = Math.max(...values);
  const step = niceStep((high - low || Math.abs(high) || 1) / Math.max(1, wanted - 1));
  const first = Math.floor(low / step + 1e-9);
  const last = Math.max(first + 1, Math.ceil(high / step - 1e-9));
  return Array.from({ length: last - first + 1 }, (_, index) => round((first + index) * step));
}

function niceStep(raw: number): number {
  const power = 10 ** Math.floor(Math.log10(raw));
  const factor = [1, 2, 5, 10].find((each) => raw <= each * power * (1 + 1e-9)) ?? 10;
  return factor * power;
}

/** Takes away what binary fractions leave behind. */
function round(value: number): number {
  return Number(value.toPrecision(12));
}
