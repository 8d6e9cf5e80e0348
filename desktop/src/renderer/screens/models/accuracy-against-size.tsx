import { Dots, type PlotDot } from '../../charts/dots.tsx';
import { Panel } from '../../components/panel.tsx';
import { formatAccuracy, formatBytes } from '../../text/format.ts';
import { text } from '../../text/text.ts';
import { dotsOf, type VersionRow } from './model.ts';

const words = text.models.dots;

interface AccuracyAgainstSizeProps {
  readonly rows: readonly VersionRow[];
  readonly selected: number | undefined;
}

/** What accuracy costs in bytes: fp32 and each variant of every version. */
export function AccuracyAgainstSize({ rows, selected }: AccuracyAgainstSizeProps) {
  if (rows.length === 0) return null;
  const dots = dotsOf(rows.map((row) => row.version))
    .toSorted((a, b) => Number(a.version === selected) - Number(b.version === selected))
    .map(
      (dot): PlotDot => ({
        key: dot.key,
        x: dot.bytes,
        y: dot.accuracy,
        shape: dot.kind === 'fp32' ? 'circle' : 'diamond',
        title: words.dot({
          version: dot.version,
          name: dot.name,
          accuracy: formatAccuracy(dot.accuracy),
          size: formatBytes(dot.bytes),
        }),
        name: dot.kind === 'fp32' ? String(dot.version) : undefined,
        colour: dot.version === selected ? 1 : undefined,
      }),
    );
  return (
    <Panel title={words.title} aside={words.legend}>
      <Dots
        label={words.title}
        dots={dots}
        formatX={formatBytes}
        formatY={formatAccuracy}
        leastY={0.002}
        nameX={words.size}
        nameY={words.accuracy}
      />
    </Panel>
  );
}
