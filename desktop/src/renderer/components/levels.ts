/** How something is, in the four words of the console. Offline is unknown, not bad. */
export const levels = ['act', 'watch', 'unknown', 'well'] as const;
export type Level = (typeof levels)[number];

/** The one that most needs attention. */
export function worst(found: readonly Level[]): Level {
  return levels.find((each) => found.includes(each)) ?? 'well';
}
