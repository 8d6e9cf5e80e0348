import { FleetError } from '@edgewise/protocol';

/** The settings of one layer as its file holds them, read by type. Missing and `null` are the same. */
export interface Config {
  /** Whether the setting is there. */
  has(key: string): boolean;
  /** The setting itself, for those with many forms. */
  raw(key: string): unknown;
  number(key: string, fallback?: number): number;
  flag(key: string, fallback: boolean): boolean;
  /** A name in lower case without underscores, so that `channelsFirst` and `channels_first` are one. */
  word(key: string, fallback: string): string;
  /** One number per axis; a single number counts for all. */
  sizes(key: string, axes: number, fallback?: number): readonly number[];
  /** A list of whole numbers or gaps. */
  dims(key: string): readonly (number | undefined)[];
}

/** Reads settings; `owner` is how errors name the layer. Getters throw `malformed` and name the setting. */
export function createConfig(source: unknown, owner: string): Config {
  const fields = isRecord(source) ? source : {};
  const raw = (key: string): unknown => fields[key] ?? undefined;
  const wrong = (key: string, wanted: string): FleetError =>
    new FleetError(
      'malformed',
      `${owner}: "${key}" is ${JSON.stringify(raw(key)) ?? 'missing'}, but must be ${wanted}.`,
    );
  return {
    has: (key) => raw(key) !== undefined,
    raw,
    number(key, fallback) {
      const value = raw(key) ?? fallback;
      if (typeof value !== 'number' || !Number.isFinite(value)) throw wrong(key, 'a number');
      return value;
    },
    flag(key, fallback) {
      const value = raw(key) ?? fallback;
      if (typeof value !== 'boolean') throw wrong(key, 'true or false');
      return value;
    },
    word(key, fallback) {
      const value = raw(key) ?? fallback;
      if (typeof value !== 'string') throw wrong(key, 'a name');
      return plainWord(value);
    },
    sizes(key, axes, fallback) {
      const value = raw(key) ?? fallback;
      const list = Array.isArray(value) ? value : Array<unknown>(axes).fill(value);
      if (list.length !== axes || !list.every((item) => Number.isSafeInteger(item))) {
        throw wrong(key, `${axes === 1 ? 'a whole number' : `${axes} whole numbers`}`);
      }
      return list as number[];
    },
    dims(key) {
      const list = raw(key);
      if (!Array.isArray(list)) throw wrong(key, 'a list of sizes');
      return list.map((item: unknown) => {
        if (item === null || item === -1) return undefined;
        if (Number.isSafeInteger(item) && Number(item) >= 0) return Number(item);
        throw wrong(key, 'a list of sizes');
      });
    },
  };
}

/** A name as Keras (`hard_sigmoid`) and tfjs (`hardSigmoid`) both write it, made one. */
export const plainWord = (name: string): string => name.replaceAll('_', '').toLowerCase();

/** Whether a parsed JSON value is an object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
