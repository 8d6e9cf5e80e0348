import type { Comparison, Inspection, LayerError } from '@edgewise/models/inspect';
import { bars, scatter } from './charts.ts';
import { escaped, figure, tableOf } from './markup.ts';

/** What a report shows; parts that were not measured are left out. */
export interface ReportData {
  readonly title: string;
  /** Facts in the order in which they are shown. */
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly float?: Inspection;
  readonly variants?: readonly ReportVariant[];
  readonly layers?: readonly LayerError[];
  /** What was tried, best first. */
  readonly candidates?: readonly { readonly name: string; readonly error: number }[];
  readonly floatNodes?: readonly {
    readonly node: string;
    readonly op: string;
    readonly reason: string;
  }[];
  readonly saturation?: ReportSaturation;
  readonly comparison?: Comparison;
}

/** One form of the model. */
export interface ReportVariant {
  readonly name: string;
  readonly bytes: number;
  /** Share of samples classified right, or agreeing with float, 0 to 1. */
  readonly score?: number;
  readonly reason?: string;
}

/** What 16-bit sums do to each layer. */
export interface ReportSaturation {
  /** Processor that is looked at. */
  readonly target: string;
  readonly layers: readonly {
    readonly node: string;
    readonly wrong: number;
    readonly outputs: number;
    /** In steps of the output's grid. */
    readonly largest: number;
  }[];
}

/** Layers below this many dB usually cost accuracy. */
const poorDb = 15;

/** A page that needs nothing but itself: no server, no script, no network. */
export function renderReport(data: ReportData): string {
  const sections = [
    factsOf(data),
    variantsOf(data),
    comparisonOf(data),
    candidatesOf(data),
    layersOf(data),
    floatNodesOf(data),
    saturationOf(data),
    costOf(data),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(data.title)}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${escaped(data.title)}</h1>
${sections.filter((section) => section !== '').join('\n')}
</main>
</body>
</html>
`;
}

const section = (title: string, text: string, content: string): string =>
  `<section><h2>${escaped(title)}</h2><p>${escaped(text)}</p>\n${content}</section>`;

function factsOf({ facts }: ReportData): string {
  const rows = facts.map(([name, value]) => `<dt>${escaped(name)}</dt><dd>${escaped(value)}</dd>`);
  return `<dl>${rows.join('')}</dl>`;
}

function variantsOf({ variants = [] }: ReportData): string {
  if (variants.length === 0) return '';
  const scored = variants.filter(({ score }) => score !== undefined);
  const points = scored.map(({ name, bytes, score = 0 }) => ({
    label: name,
    x: bytes / 1000,
    y: score * 100,
  }));
  const picture =
    points.length > 1
      ? scatter(points, { x: 'size, kB', y: 'score, %', title: 'Score against size' })
      : '';
  const rows = variants.map(({ name, bytes, score, reason }) => [
    name,
    bytes,
    score === undefined ? '-' : `${(score * 100).toFixed(2)} %`,
    reason ?? '',
  ]);
  return section(
    'Accuracy against size',
    'Each form of the model with the size of its file and how well it answers.',
    picture + tableOf(['form', 'bytes', 'score', 'why'], rows),
  );
}

function comparisonOf({ comparison }: ReportData): string {
  if (comparison === undefined) return '';
  const { outputs, classes, latency } = comparison;
  const accuracy = classes?.accuracy;
  const share = (value: number): string => `${(value * 100).toFixed(2)} %`;
  const rows: (readonly [string, string])[] = [
    ...outputs.map(
      ({ name, sqnrDb, largestDifference }) =>
        [
          `output ${name}`,
          `${figure(sqnrDb)} dB, largest difference ${figure(largestDifference)}`,
        ] as const,
    ),
    ...(classes ? [['same top class', share(classes.agreement)] as const] : []),
    ...(accuracy
      ? [
          ['accuracy', `${share(accuracy.a)} and ${share(accuracy.b)}`] as const,
          [
            'difference, 95 % interval',
            `${share(accuracy.difference)} (${share(accuracy.low)} to ${share(accuracy.high)})`,
          ] as const,
        ]
      : []),
    [
      'one sample on this machine',
      `${figure(latency.a.medianMs)} ms and ${figure(latency.b.medianMs)} ms (${figure(latency.speedup, 3)} times as fast)`,
    ],
  ];
  return section(
    'Side by side',
    `${comparison.samples} samples through both models.`,
    tableOf(['what', 'first and second'], rows),
  );
}

function candidatesOf({ candidates = [] }: ReportData): string {
  if (candidates.length === 0) return '';
  const drawn = bars(
    candidates.map(({ name, error }) => ({ label: name, value: error })),
    { unit: '', title: 'Error of each candidate' },
  );
  const text =
    'Error of the outputs on samples that set no ranges; the smallest was taken, or a plainer way within 2 % of it.';
  return section('Ways that were tried', text, drawn);
}

function layersOf({ layers = [] }: ReportData): string {
  if (layers.length === 0) return '';
  const drawn = bars(
    layers.map(({ node, op, sqnrDb = 0 }) => ({
      label: `${op} ${node}`,
      value: Math.min(sqnrDb, 100),
      poor: sqnrDb < poorDb,
    })),
    { unit: 'dB', title: 'Signal to noise of each layer' },
  );
  const text = `Signal to quantization noise after each node, with what the nodes before it added; below ${poorDb} dB accuracy usually suffers.`;
  return section('Layers', text, drawn);
}

function floatNodesOf({ floatNodes }: ReportData): string {
  if (floatNodes === undefined) return '';
  if (floatNodes.length === 0) return section('Nodes in float', 'None: all compute in int8.', '');
  const rows = floatNodes.map(({ op, node, reason }) => [op, node, reason]);
  return section(
    'Nodes in float',
    'Why they are not in int8.',
    tableOf(['op', 'node', 'why'], rows),
  );
}

function saturationOf({ saturation }: ReportData): string {
  if (saturation === undefined) return '';
  const wrong = saturation.layers.filter((layer) => layer.wrong > 0);
  const text = `Sums of 16 bits on ${saturation.target}: ${wrong.length} of ${saturation.layers.length} layers would give wrong numbers on these data.`;
  const rows = saturation.layers.map(({ node, wrong: count, outputs, largest }) => [
    node,
    count,
    outputs,
    largest,
  ]);
  const table = tableOf(['layer', 'wrong outputs', 'of', 'largest error, steps'], rows);
  return section('Saturation', text, table);
}

function costOf({ float }: ReportData): string {
  if (float === undefined || float.layers.length === 0) return '';
  const rows = float.layers.map(({ op, node, macs, parameters }) => [op, node, macs, parameters]);
  const text = `${figure(float.macs / 1e6)} million multiply-accumulates, ${float.parameters} parameters, at most ${figure(float.peakActivation.bytes / 1000)} kB of activations at once.`;
  return section('Cost', text, tableOf(['op', 'node', 'multiply-accumulates', 'parameters'], rows));
}

const style = `
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--paper:#fff;--line:#d0d7de;--bar:#2563eb;--poor:#b42318}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9da7b3;--paper:#0d1117;--line:#3d444d;--bar:#6ea8fe;--poor:#ff8a7a}}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main{max-width:60rem;margin:0 auto;padding:1.5rem}
h1{font-size:1.5rem;margin:0 0 1rem}h2{font-size:1.15rem;margin:2rem 0 .25rem}
p{margin:0 0 .75rem;color:var(--soft)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem;margin:0}dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
svg{width:100%;height:auto;display:block}svg text{font:12px system-ui,sans-serif;fill:var(--ink)}
.bar{fill:var(--bar)}.poor{fill:var(--poor)}.axis{fill:none;stroke:var(--soft)}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{text-align:left;padding:.25rem .75rem .25rem 0;border-bottom:1px solid var(--line);vertical-align:top}
.n{text-align:right;font-variant-numeric:tabular-nums}
`;
