import type {
  ActivationSpread,
  Comparison,
  Inspection,
  LayerError,
} from '@edgewise/models/inspect';
import { activationsOf } from './activations.ts';
import { bars } from './bars.ts';
import { type FloatNode, floatGroups } from './float-groups.ts';
import { decibels, escaped, figure, folded, sectionOf, tableOf } from './markup.ts';
import { scatter } from './scatter.ts';
import { runText, speedText } from './speed-text.ts';
import { style } from './style.ts';

/** What a report shows; parts that were not measured are left out. */
export interface ReportData {
  readonly title: string;
  /** Facts in the order in which they are shown; one without a value is left out. */
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly float?: Inspection;
  /** Forms of the model, at least two to be drawn. */
  readonly variants?: readonly ReportVariant[];
  /** What the scores of the variants are. */
  readonly scoreIs?: 'accuracy' | 'agreement';
  readonly layers?: readonly LayerError[];
  readonly activations?: readonly ActivationSpread[];
  /** What was tried, best first. */
  readonly candidates?: readonly { readonly name: string; readonly error: number }[];
  readonly floatNodes?: readonly FloatNode[];
  /** One for each processor that was looked at. */
  readonly saturation?: readonly ReportSaturation[];
  readonly comparison?: Comparison;
  /** What the two compared models are called; default first and second. */
  readonly compared?: readonly [string, string];
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
  /** How many runs were looked at; default all. */
  readonly runs?: number;
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
    activationsOf(data.activations),
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

function factsOf({ facts }: ReportData): string {
  const known = facts.filter(([, value]) => value !== '');
  const rows = known.map(([name, value]) => `<dt>${escaped(name)}</dt><dd>${escaped(value)}</dd>`);
  return `<dl>${rows.join('')}</dl>`;
}

function variantsOf(data: ReportData): string {
  const { variants = [], scoreIs = 'accuracy', compared: [reference] = ['first'] } = data;
  if (variants.length === 0) return '';
  const [title, axis, text] = scoreTexts(reference)[scoreIs];
  const points = variants.flatMap(({ name, bytes, score }) =>
    score === undefined ? [] : [{ label: name, x: bytes / 1024, y: score * 100 }],
  );
  const picture = points.length > 1 ? scatter(points, { x: 'size, KiB', y: axis, title }) : '';
  const rows = variants.map(({ name, bytes, score, reason }) => [
    ...[name, `${figure(bytes / 1024)} KiB`],
    ...[score === undefined ? '-' : `${(score * 100).toFixed(2)} %`, reason ?? ''],
  ]);
  const hasReason = variants.some(({ reason }) => reason !== undefined);
  const heads = ['form', 'size', scoreIs, 'why'].slice(0, hasReason ? 4 : 3);
  const cells = rows.map((row) => row.slice(0, heads.length));
  return sectionOf(title, text, picture + tableOf(heads, cells));
}

const scoreTexts = (reference: string) =>
  ({
    accuracy: [
      ...(['Accuracy against size', 'accuracy, %'] as const),
      'Each form of the model with the size of its file and the share of these samples that it classifies right.',
    ],
    agreement: [
      ...(['Agreement against size', `same answer as the ${reference} model, %`] as const),
      `Each form of the model with the size of its file and how often its top class is that of the ${reference} model. With labels it would be accuracy.`,
    ],
  }) as const;

function comparisonOf({ comparison, compared = ['first', 'second'] }: ReportData): string {
  if (comparison === undefined) return '';
  const { outputs, classes, latency } = comparison;
  const accuracy = classes?.accuracy;
  const exact = (value: number): string => `${(value * 100).toFixed(2)} %`;
  const rows: (readonly [string, string])[] = [
    ...outputs.map(
      ({ name, sqnrDb, largestDifference }) =>
        [
          `output ${name}`,
          `${decibels(sqnrDb)} dB signal to noise, largest difference ${figure(largestDifference)}`,
        ] as const,
    ),
    ...(classes ? [['same top class', exact(classes.agreement)] as const] : []),
    ...(accuracy
      ? [
          ['accuracy', `${exact(accuracy.a)} and ${exact(accuracy.b)}`] as const,
          [
            'difference, 95 % interval',
            `${exact(accuracy.difference)} (${exact(accuracy.low)} to ${exact(accuracy.high)})`,
          ] as const,
        ]
      : []),
    [
      `${runText(latency.samples)} on this machine`,
      `${figure(latency.a.medianMs)} ms and ${figure(latency.b.medianMs)} ms (${speedText(compared[1], latency.speedup)})`,
    ],
  ];
  return sectionOf(
    'Side by side',
    `${comparison.samples} samples through both models.`,
    tableOf(['what', compared.join(' and ')], rows),
  );
}

function candidatesOf({ candidates = [] }: ReportData): string {
  if (candidates.length === 0) return '';
  const drawn = bars(
    candidates.map(({ name, error }) => ({
      ...{ label: name, value: error, text: `${figure(error * 100, 3)} %` },
    })),
    { title: 'Error of each candidate' },
  );
  const text =
    'Squared error of the outputs, in per cent of their square, on samples that set no ranges. minmax stays where no other way is better by more than chance.';
  return sectionOf('Ways that were tried', text, drawn);
}

function layersOf({ layers = [] }: ReportData): string {
  if (layers.length === 0) return '';
  const text = `Signal to quantization noise after each node, with what the nodes before it added; below ${poorDb} dB accuracy usually suffers.`;
  const all = barsOf(layers);
  if (layers.length <= mostBars) return sectionOf('Layers', text, all);
  const worst = layers.toSorted((a, b) => (a.sqnrDb ?? 0) - (b.sqnrDb ?? 0)).slice(0, mostBars / 2);
  const few = ` The ${worst.length} lowest, lowest first:`;
  const rest = folded(`All ${layers.length} in the order of the graph`, all);
  return sectionOf('Layers', text + few, barsOf(worst) + rest);
}

/** More layers than this are folded, and the lowest half as many shown. */
const mostBars = 64;

function barsOf(layers: readonly LayerError[]): string {
  return bars(
    layers.map(({ node, op, sqnrDb = 0 }) => ({
      label: node.includes(op) ? node : `${op} ${node}`,
      value: Math.min(sqnrDb, 100),
      text: `${decibels(Math.min(sqnrDb, 100))} dB`,
      ...(sqnrDb < poorDb && { poor: 'low' }),
    })),
    { title: 'Signal to noise of each layer' },
  );
}

function floatNodesOf({ floatNodes }: ReportData): string {
  if (floatNodes === undefined) return '';
  if (floatNodes.length === 0) return sectionOf('Nodes in float', 'None: all compute in int8.', '');
  const groups = floatGroups(floatNodes).map(({ reason, nodes }) => [nodes, reason]);
  const rows = floatNodes.map(({ op, node, reason }) => [op, node, reason]);
  return sectionOf(
    'Nodes in float',
    'Why they are not in int8.',
    tableOf(['nodes', 'why'], groups) +
      folded(`All ${rows.length} by name`, tableOf(['op', 'node', 'why'], rows)),
  );
}

function saturationOf({ saturation = [] }: ReportData): string {
  if (saturation.length === 0) return '';
  const { runs } = saturation[0] ?? {};
  const data = runs === undefined ? 'these data' : `the first ${runs} runs`;
  const text = `Layers that processors would get wrong on ${data}, because they add products in 16 bits or let them wrap.`;
  return sectionOf('Saturation', text, saturation.map(saturationOn).join('\n'));
}

function saturationOn({ target, layers }: ReportSaturation): string {
  const wrong = layers.filter((layer) => layer.wrong > 0);
  const heading = `<h3>${escaped(target)}: ${wrong.length} of ${layers.length} layers would be wrong</h3>`;
  if (wrong.length === 0) return heading;
  const rows = wrong.map(({ node, wrong: count, outputs, largest }) => [
    ...[node, count, outputs],
    ...[`${figure((100 * count) / outputs, 3)} %`, largest],
  ]);
  const heads = ['layer', 'wrong outputs', 'of', 'share', 'largest error, steps'];
  const remedy = `<p>edgewise quantize --for ${escaped(target)} builds a file that is right there.</p>`;
  return heading + tableOf(heads, rows) + remedy;
}

function costOf({ float }: ReportData): string {
  if (float === undefined || float.layers.length === 0) return '';
  const rows = float.layers.map(({ op, node, macs, parameters }) => [op, node, macs, parameters]);
  const { macs, parameters: all, peakActivation, unknownCost } = float;
  const open = unknownCost.length;
  const missing =
    open === 0 ? '' : ` Not counted: ${open} nodes whose sizes are open; give --shape.`;
  const text = `${figure(macs / 1e6)} million multiply-accumulates, ${all.toLocaleString('en')} parameters, at most ${figure(peakActivation.bytes / 1024)} KiB of activations at once.${missing}`;
  return sectionOf(
    'Cost',
    text,
    tableOf(['op', 'node', 'multiply-accumulates', 'parameters'], rows),
  );
}
