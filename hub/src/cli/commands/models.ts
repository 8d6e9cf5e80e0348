import type { Command } from 'commander';
import { answer, clientOf, type HubOptions, withHub } from '../context.ts';
import { type Io, percent, sizeOf, table } from '../io.ts';
import { addParity } from './parity.ts';

/** `edgewise models`, `edgewise versions MODEL` and `edgewise parity MODEL`. */
export function addModels(program: Command, io: Io): void {
  withHub(
    program
      .command('models')
      .description('list models')
      .addHelpText('after', '\nExample:\n  edgewise models'),
  ).action(async (options: HubOptions) => {
    const models = await clientOf(options).call('listModels');
    answer(io, options, models, (all) =>
      all.length === 0
        ? 'No models yet. Make one with "edgewise train MODEL --dataset NAME --recipe FILE".'
        : table(
            ['model', 'data set', 'classes', 'latest version'],
            all.map(({ id, dataset, classes, latestVersion }) => [
              id,
              dataset,
              classes.length,
              latestVersion ?? '-',
            ]),
          ),
    );
  });

  withHub(
    program
      .command('versions <model>')
      .description('list versions of a model with accuracy and size')
      .addHelpText('after', '\nExample:\n  edgewise versions digits'),
  ).action(async (model: string, options: HubOptions) => {
    const versions = await clientOf(options).call('listVersions', { params: { model } });
    answer(io, options, versions, (all) =>
      table(
        ['version', 'fp32', 'size', 'int8', 'size', 'for', 'scheme', 'gate', 'served by'],
        all.flatMap((version) =>
          version.variants.map((variant) => [
            version.version,
            percent(version.fp32.accuracy),
            sizeOf(version.fp32.graphBytes),
            percent(variant.accuracy),
            sizeOf(variant.graphBytes),
            variant.deviceClass,
            variant.scheme ?? '-',
            version.gate.verdict,
            version.servedBy.join(', ') || '-',
          ]),
        ),
      ),
    );
  });
  addParity(program, io);
}
