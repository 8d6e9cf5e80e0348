import { residentBytes } from './processes.ts';

/** Watches the memory of this process and all it started. */
export interface MemoryMeter extends Disposable {
  /** Largest sum of resident bytes seen so far. */
  readonly peakBytes: number;
}

const everyMs = 500;

/** Looks twice a second. */
export function createMemoryMeter(): MemoryMeter {
  let peakBytes = 0;
  const timer = setInterval(() => {
    peakBytes = Math.max(peakBytes, residentBytes(process.pid));
  }, everyMs);
  return {
    get peakBytes() {
      return peakBytes;
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}
