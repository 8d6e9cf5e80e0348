/** Milliseconds of `count` seconds. */
export const seconds = (count: number): number => count * 1000;
/** Milliseconds of `count` minutes. */
export const minutes = (count: number): number => seconds(count * 60);
/** Milliseconds of `count` hours. */
export const hours = (count: number): number => minutes(count * 60);
/** Milliseconds of `count` days. */
export const days = (count: number): number => hours(count * 24);
/** Bytes of `count` KiB. */
export const kibibytes = (count: number): number => count * 1024;
/** Bytes of `count` MiB. */
export const mebibytes = (count: number): number => kibibytes(count * 1024);
