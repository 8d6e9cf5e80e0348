import { createOnnxRuntime } from '@edgewise/models/runtime-onnx';
import type { SaturationTarget } from '@edgewise/models/shrink';
import { compareLayers, type LayerComparison } from '../../cpus/compare-layers.ts';
import { openMachines } from '../../cpus/machines.ts';
import type { ProcessorName } from '../../cpus/processors.ts';
import { type RuntimeElsewhere, startRuntimeOn } from '../../cpus/runtime-on.ts';
import type { RunBench } from '../bench.ts';
import { atMost, type BenchResult, printed } from '../result.ts';
import { type LayerModel, layerModels } from './layer-models.ts';
import { networks } from './networks.ts';

const targets: readonly (readonly [SaturationTarget, ProcessorName])[] = [
  ['x64', 'x64-without-vnni'],
  ['arm64', 'cortex-a72'],
  ['arm64-dot', 'cortex-a76'],
];

/** The saturation report beside emulated processors, layer by layer. */
export const benchSaturation: RunBench = async ({ seed, say }) => {
  const opened = await openMachines();
  if (!opened.ok) {
    say.fact(`skipped: ${opened.reason}`);
    return [];
  }
  await using cleanup = new AsyncDisposableStack();
  const places: RuntimeElsewhere[] = [];
  for (const machine of opened.machines) places.push(cleanup.use(await startRuntimeOn(machine)));
  const here = createOnnxRuntime();
  const exact = places.find(({ deviceClass }) => /vnni|dot/.test(deviceClass))?.runtime ?? here;
  const found = new Map<ProcessorName, LayerComparison[]>(targets.map(([, name]) => [name, []]));
  let models = 0;
  for await (const model of allModels(here, seed)) {
    models++;
    for (const [target, name] of targets) {
      const real = places.find((place) => place.name === name)?.runtime;
      if (real === undefined) continue;
      const compared = await compareLayers(model.model, model.feeds, { target, real, exact, here });
      found.get(name)?.push(...compared);
      for (const layer of compared.filter(isOther)) {
        say.fact(`${name}: ${model.name}: ${JSON.stringify(layer)}`);
      }
    }
  }
  say.fact(`${models} models`);
  return [...found].flatMap(([name, layers]) => figuresOf(name, layers));
};

async function* allModels(
  here: ReturnType<typeof createOnnxRuntime>,
  seed: number,
): AsyncGenerator<LayerModel> {
  yield* layerModels(here, seed);
  yield* networks(here, seed);
}

const isOther = ({ outputs, asPredicted, wrong, named }: LayerComparison): boolean =>
  outputs !== asPredicted || wrong > 0 !== named > 0;

function figuresOf(name: string, layers: readonly LayerComparison[]): readonly BenchResult[] {
  const count = (fits: (layer: LayerComparison) => boolean): number => layers.filter(fits).length;
  const sum = (of: (layer: LayerComparison) => number): number =>
    layers.reduce((total, layer) => total + of(layer), 0);
  const none = (what: string, value: number, unit: string): BenchResult =>
    atMost(`${name}: ${what}`, { value, unit, bound: 0 });
  return [
    printed(`${name}: layers`, layers.length, 'layers'),
    printed(
      `${name}: layers that are really wrong`,
      count(({ wrong }) => wrong > 0),
      'layers',
    ),
    printed(
      `${name}: layers that are named`,
      count(({ named }) => named > 0),
      'layers',
    ),
    none(
      'wrong and not named',
      count(({ wrong, named }) => wrong > 0 && named === 0),
      'layers',
    ),
    none(
      'named and not wrong',
      count(({ wrong, named }) => wrong === 0 && named > 0),
      'layers',
    ),
    printed(
      `${name}: outputs`,
      sum(({ outputs }) => outputs),
      'outputs',
    ),
    printed(
      `${name}: outputs that are really wrong`,
      sum(({ wrong }) => wrong),
      'outputs',
    ),
    none(
      'not as predicted',
      sum(({ outputs, asPredicted }) => outputs - asPredicted),
      'outputs',
    ),
  ];
}
