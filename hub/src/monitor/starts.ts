/** What has been counted since one window: an anchor from which a change may have begun. */
export interface Start {
  /** Index of its first window, counted from the detector's beginning. */
  readonly at: number;
  readonly epoch: number;
  readonly sequence: number;
  /** Samples per bin since then, raw. */
  readonly counts: readonly number[];
  /** Sum of standardized values since then, and of their squares. */
  readonly sumZ: number;
  readonly sumZ2: number;
}

/** What one window adds to every start. */
export interface StartInput {
  readonly epoch: number;
  readonly sequence: number;
  readonly counts: readonly number[];
  readonly sumZ: number;
  readonly sumZ2: number;
}

/** Adds a window to all starts and opens one at this window. */
export function advanceStarts(
  starts: readonly Start[],
  at: number,
  input: StartInput,
): readonly Start[] {
  const grown = starts.map((start) => ({
    ...start,
    counts: start.counts.map((count, bin) => count + (input.counts[bin] ?? 0)),
    sumZ: start.sumZ + input.sumZ,
    sumZ2: start.sumZ2 + input.sumZ2,
  }));
  return thin([...grown, { at, ...input }], at);
}

/** Keeps the youngest and the oldest start of every octave of ages: at most two per octave. */
function thin(starts: readonly Start[], now: number): readonly Start[] {
  const octave = (start: Start | undefined) =>
    start === undefined ? -1 : Math.floor(Math.log2(now - start.at + 1));
  return starts.filter((start, index) => {
    const own = octave(start);
    return own !== octave(starts[index - 1]) || own !== octave(starts[index + 1]);
  });
}

/** The oldest start that is not before window `since`; the youngest start when there is none. */
export function startAtOrAfter(starts: readonly Start[], since: number): Start | undefined {
  return starts.find((start) => start.at >= since) ?? starts.at(-1);
}
