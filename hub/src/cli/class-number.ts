import { FleetError } from '@edgewise/protocol';

/** The number of a class given by number or by name. Throws `invalid-argument` with what there is. */
export function classNumber(typed: string, classes: readonly string[]): number {
  const named = classes.indexOf(typed);
  if (named >= 0) return named;
  const isNumber = /^\d+$/.test(typed) && Number(typed) < classes.length;
  if (isNumber) return Number(typed);
  throw new FleetError(
    'invalid-argument',
    `"${typed}" is no class; there are ${classList(classes)}.`,
  );
}

/** Classes as people read them: names with their numbers, or a range where names are numbers. */
export function classList(classes: readonly string[]): string {
  if (classes.every((name, number) => name === String(number))) return `0 to ${classes.length - 1}`;
  return classes.map((name, number) => `${number} ${name}`).join(', ');
}
