import { useEffect, useMemo, useRef, useState } from 'react';
import uPlot from 'uplot';
import { useWidth } from '../components/use-width.ts';
import { none } from '../text/format.ts';
import { useTheme } from '../theme/theme-context.tsx';
import { type PlotLook, plotLook, plotOptions } from './plot-options.ts';
import type { Line, SeriesProps } from './series-props.ts';

/** Lines over time, with the value under the cursor in the legend. */
export function Series(props: SeriesProps) {
  const { label, xs, lines, height = 140 } = props;
  const [box, width] = useWidth<HTMLDivElement>();
  const { shown } = useTheme();
  const [at, setAt] = useState<number>();
  const chart = usePlot({ props, width, height, theme: shown, onCursor: setAt });
  const index = at ?? xs.length - 1;
  return (
    <figure className="flex flex-col gap-1" aria-label={label}>
      <figcaption className="flex flex-wrap items-baseline gap-x-4 px-3 pt-2">
        <span className="font-medium">{label}</span>
        {lines.map((line) => (
          <span key={line.label} className="inline-flex items-center gap-1.5 text-[12px] text-soft">
            <span
              aria-hidden
              className="inline-block h-0.5 w-3 rounded"
              style={{ background: `var(--chart-${line.colour})` }}
            />
            {line.label === label ? '' : line.label}
            <span className="min-w-12 text-ink tabular-nums">
              {props.format(valueAt(line, index)) ?? none}
            </span>
          </span>
        ))}
        {at !== undefined && props.formatX && (
          <span className="ml-auto text-[12px] text-faint tabular-nums">
            {props.formatX(xs[at] ?? 0)}
          </span>
        )}
      </figcaption>
      <div ref={box} className="w-full min-w-0 overflow-hidden" style={{ height }}>
        <div ref={chart} />
      </div>
    </figure>
  );
}

function valueAt({ values, joined }: Line, index: number): number | null | undefined {
  return joined ? values.slice(0, index + 1).findLast((value) => value !== null) : values[index];
}

interface PlotRequest {
  readonly props: SeriesProps;
  readonly width: number;
  readonly height: number;
  readonly theme: string;
  readonly onCursor: (index: number | undefined) => void;
}

/** Builds the plot anew when its shape changes, and only swaps data when values do. */
function usePlot({ props, width, height, theme, onCursor }: PlotRequest) {
  const target = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const latest = useRef(props);
  latest.current = props;
  const shape = JSON.stringify([
    props.lines.map(({ label, colour }) => [label, colour]),
    props.band,
    props.sync,
    props.rise,
  ]);
  const data = useMemo(
    () => [props.xs, ...props.lines.map((line) => line.values)] as unknown as uPlot.AlignedData,
    [props.xs, props.lines],
  );
  const current = useRef(data);
  current.current = data;

  useEffect(() => {
    if (!target.current || width === 0) return;
    const look: PlotLook = plotLook(getComputedStyle(document.documentElement), theme);
    const built = new uPlot(
      plotOptions({ props: () => latest.current, look, width, height, shape, onCursor }),
      current.current,
      target.current,
    );
    plot.current = built;
    return () => built.destroy();
  }, [width, height, theme, shape, onCursor]);

  useEffect(() => {
    if (plot.current?.data !== data || props.backdrop) plot.current?.setData(data);
  }, [data, props.backdrop]);
  return target;
}
