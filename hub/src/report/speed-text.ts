/** Whose time is told. */
export const runText = (samples: number): string =>
  samples === 1 ? 'one sample' : `${samples} samples at once`;

/** How the second of two compares with the first, for a ratio of the first's time to its own. */
export function speedText(name: string, speedup: number): string {
  if (!(speedup > 0) || !Number.isFinite(speedup)) return `${name} was too quick to measure`;
  return speedup >= 1
    ? `${name} is ${speedup.toFixed(2)} times as fast`
    : `${name} takes ${(1 / speedup).toFixed(2)} times as long`;
}
