/** What the streams of random numbers are for in a training; each purpose has its own. */
export const purposes = { weights: 1, order: 2, dropout: 3, augmentation: 4, split: 5 } as const;
