import type { Answered } from '../inference/answer.ts';

/** How many inputs to keep, and why. */
export interface SelectionOrder {
  /** Kept by chance, each input with the same chance. */
  readonly random: number;
  /** Kept because the model was least sure: smallest difference of the two largest probabilities. */
  readonly uncertain: number;
  /** Inputs to look at. */
  readonly among: number;
}

/** An input that was chosen. */
export interface Chosen {
  readonly answered: Answered;
  readonly reason: 'random' | 'uncertain';
}

/** Chooses while inputs stream by, holding no more of them than it may choose. */
export interface Selection {
  /** True with the input that completes the selection. */
  add(answered: Answered): boolean;
  chosen(): readonly Chosen[];
}

/**
 * Reservoir sampling (Vitter 1985, algorithm R) beside the least sure inputs. An input that chance
 * chose counts as random only, so that the random ones stay an unbiased share of the stream.
 */
export function createSelection(order: SelectionOrder, random: () => number): Selection {
  const reservoir: Answered[] = [];
  let unsure: readonly Answered[] = [];
  let seen = 0;

  function addByChance(answered: Answered): void {
    if (reservoir.length < order.random) {
      reservoir.push(answered);
      return;
    }
    const place = Math.floor(random() * (seen + 1));
    if (place < order.random) reservoir[place] = answered;
  }

  function addUnsure(answered: Answered): void {
    const most = order.uncertain === 0 ? 0 : order.uncertain + order.random;
    const last = unsure.at(-1);
    const isFull = unsure.length >= most;
    if (most === 0 || (isFull && last && last.answer.margin <= answered.answer.margin)) return;
    unsure = [...unsure, answered].sort((a, b) => a.answer.margin - b.answer.margin).slice(0, most);
  }

  return {
    add(answered) {
      if (seen >= order.among) return false;
      const own = { ...answered, input: answered.input.slice() };
      addByChance(own);
      addUnsure(own);
      seen++;
      return seen >= order.among;
    },
    chosen() {
      const byChance = new Set(reservoir);
      const rest = unsure.filter((one) => !byChance.has(one)).slice(0, order.uncertain);
      return [
        ...reservoir.map((answered) => ({ answered, reason: 'random' }) as const),
        ...rest.map((answered) => ({ answered, reason: 'uncertain' }) as const),
      ];
    },
  };
}
