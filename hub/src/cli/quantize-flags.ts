import { type Model, nameOf } from '@edgewise/models/onnx';
import {
  assertShrinkOptions,
  type CalibrationMethod,
  type ShrinkOptions,
  type WeightBits,
} from '@edgewise/models/shrink';
import { FleetError } from '@edgewise/protocol';
import type { Command } from 'commander';
import type { HubOptions } from './context.ts';
import { numberOf } from './io.ts';
import type { DataFlags } from './model-data/read-model-data.ts';

/** Flags of `edgewise quantize`. */
export interface QuantizeFlags extends HubOptions, DataFlags {
  readonly calibration?: string;
  readonly weightOnly?: boolean;
  readonly out: string;
  readonly activations: 'u8' | 's8';
  readonly weights: 's8' | 'u8';
  readonly calibrate: CalibrationMethod | 'auto';
  readonly percentile?: string;
  readonly perTensor?: boolean;
  readonly reduceRange?: boolean;
  readonly weightBits: '8' | '4' | '3' | '2';
  readonly adaRound?: boolean;
  readonly exclude?: readonly string[];
  readonly likeOnnxruntime?: boolean;
  readonly for?: string;
  readonly report?: string;
}

/** Options that --for decides by itself. */
const decidedByClass = [
  ...['activations', 'weights', 'percentile', 'perTensor', 'reduceRange', 'weightBits'],
  ...['adaRound', 'exclude', 'likeOnnxruntime'],
];

/** What `--weight-only` has no use for. */
const notOfWeights = [
  ...['activations', 'weights', 'calibrate', 'percentile', 'perTensor', 'reduceRange', 'exclude'],
  ...['likeOnnxruntime', 'for', 'report'],
];

/** Refuses flags that contradict each other. Throws `invalid-argument` with the one to leave out. */
export function assertTogether(command: Command, flags: QuantizeFlags): void {
  if (flags.for !== undefined) refuseBeside(command, '--for', decidedByClass);
  if (flags.weightOnly === true) refuseBeside(command, '--weight-only', notOfWeights);
}

function refuseBeside(command: Command, beside: string, names: readonly string[]): void {
  const given = names.find((name) => command.getOptionValueSource(name) === 'cli');
  if (given === undefined) return;
  const flag = command.options.find((each) => each.attributeName() === given)?.long ?? given;
  throw new FleetError('invalid-argument', `${beside} decides by itself; leave ${flag} out.`);
}

/** DATA, without which only weights can be stored. Throws `invalid-argument` where it is needed. */
export function calibrationOf(flags: QuantizeFlags): string | undefined {
  const { calibration, weightOnly, adaRound } = flags;
  if (weightOnly === true && adaRound !== true) return undefined;
  if (calibration !== undefined) return calibration;
  throw new FleetError('invalid-argument', 'Give --calibration DATA, or --weight-only.');
}

/** The options as `--json` tells them, defaults included. */
export function optionsSaid(flags: QuantizeFlags) {
  const { activations, weights, calibrate, percentile, exclude = [], freeze, shape } = flags;
  return {
    ...{ activations, weights, calibrate },
    ...(percentile !== undefined && { percentile: Number(percentile) }),
    perTensor: flags.perTensor === true,
    reduceRange: flags.reduceRange === true,
    weightBits: Number(flags.weightBits),
    adaRound: flags.adaRound === true,
    likeOnnxruntime: flags.likeOnnxruntime === true,
    exclude,
    ...(freeze && { freeze }),
    ...(shape && { shape }),
  };
}

/** The options of `shrink`. Throws `invalid-argument` for flags that make no sense together or for the model. */
export function shrinkOptionsOf(
  flags: QuantizeFlags,
  { graph }: Model,
): Omit<ShrinkOptions, 'calibration' | 'runtime'> {
  const { percentile, exclude = [] } = flags;
  const names = new Set(graph.nodes.map(nameOf));
  const stray = exclude.find((name) => !names.has(name));
  if (stray !== undefined) {
    const advice = 'quantize --json lists those that it has.';
    throw new FleetError('invalid-argument', `The model has no node "${stray}"; ${advice}`);
  }
  if (percentile !== undefined && flags.calibrate !== 'percentile') {
    throw new FleetError('invalid-argument', '--percentile goes with --calibrate percentile.');
  }
  if (flags.weightBits !== '8' && flags.weights === 'u8') {
    throw new FleetError('invalid-argument', '--weight-bits below 8 goes with --weights s8.');
  }
  const options = {
    activations: flags.activations,
    weights: flags.weights,
    method: flags.calibrate,
    perChannel: flags.perTensor !== true,
    reduceRange: flags.reduceRange === true,
    weightBits: Number(flags.weightBits) as WeightBits,
    adaRound: flags.adaRound === true,
    ...(percentile !== undefined && { percentile: numberOf('--percentile', percentile) }),
    // The tool leaves the number of threads to the engine.
    ...(flags.likeOnnxruntime && { likeOnnxruntime: true, threads: 0 }),
    exclude: new Set(exclude),
  };
  // Before data are read, which may take long.
  assertShrinkOptions(options);
  return options;
}
