import { en } from './en.ts';

/** The catalogue in use. Another language is another file of the same shape. */
export const text: typeof en = en;
