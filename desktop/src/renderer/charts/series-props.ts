import type { BackdropLine } from './backdrop.ts';

/** One line of a chart. `null` leaves a gap. */
export interface Line {
  readonly label: string;
  readonly values: readonly (number | null)[];
  /** Which of the six chart colours, 1 to 6. */
  readonly colour: 1 | 2 | 3 | 4 | 5 | 6;
  readonly dashed?: boolean;
  /** Drawn across gaps, for what is measured now and then; its latest value stands for it. */
  readonly joined?: boolean;
}

/** A place to be seen on the x axis. */
export interface Mark {
  /** In the units of `xs`: seconds where they are time. */
  readonly at: number;
  readonly label: string;
  readonly kind: 'deployment' | 'alarm' | 'best';
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
  /** What the y axis starts from: zero, the least value, or powers of ten, for values above zero. Default zero. */
  readonly rise?: 'zero' | 'least' | 'powers';
  /** What the y axis shows at least. */
  readonly atLeast?: readonly [number, number];
  /** Many lines to compare those of the legend with. */
  readonly backdrop?: readonly BackdropLine[];
  /** Told when the pointer comes to a line of the backdrop, and `undefined` when it leaves. */
  readonly onNear?: (key: string | undefined) => void;
  /** Told of the line that was near at a click. */
  readonly onPick?: (key: string) => void;
}
