/** One line of a chart. `null` leaves a gap. */
export interface Line {
  readonly label: string;
  readonly values: readonly (number | null)[];
  /** Which of the six chart colours, 1 to 6. */
  readonly colour: 1 | 2 | 3 | 4 | 5 | 6;
  readonly dashed?: boolean;
}

/** A moment to be seen on the time axis. */
export interface Mark {
  readonly atMs: number;
  readonly label: string;
  readonly kind: 'deployment' | 'alarm';
}

/** What a chart over time shows. */
export interface SeriesProps {
  readonly label: string;
  /** Seconds since 1970, or any other ascending number where `time` is false. */
  readonly xs: readonly number[];
  readonly lines: readonly Line[];
  /** Fills between these two lines, by their places, the upper one first. */
  readonly band?: readonly [number, number];
  readonly marks?: readonly Mark[];
  readonly format: (value: number | null | undefined) => string;
  readonly formatX?: (value: number) => string;
  readonly time?: boolean;
  readonly height?: number;
  /** Charts with the same key share their cursor. */
  readonly sync?: string;
  /** What the y axis shows at least. */
  readonly atLeast?: readonly [number, number];
}
