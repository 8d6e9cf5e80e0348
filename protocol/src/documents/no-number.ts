/** Stands for a deviation that is no number or has no end, which JSON cannot carry. */
export const noNumber = Number.MAX_VALUE;
