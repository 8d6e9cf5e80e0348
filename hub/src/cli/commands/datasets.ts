import path from 'node:path';
import { type Dataset, type DatasetPart, datasetParts } from '@edgewise/protocol/http';
import { type Command, Option } from 'commander';
import { readSamples } from '../../datasets/read-files.ts';
import { alignClasses } from '../align-classes.ts';
import { answer, clientOf, type HubOptions, whenAlone, withHub } from '../context.ts';
import { type Io, table } from '../io.ts';

interface ImportOptions extends HubOptions {
  readonly part: DatasetPart;
  readonly images?: string;
  readonly labels?: string;
  readonly label?: string;
  readonly classes?: string;
}

const importHelp = `
Examples:
  edgewise datasets import digits --part train train-images-idx3-ubyte --labels train-labels-idx1-ubyte
  edgewise datasets import pumps --part train pumps.csv --label state
  edgewise datasets import parts --part test photos/       one folder of images for each class
  edgewise datasets import waves --part train waves.npz    arrays x (samples first) and y

Parts: train teaches, validation calibrates and gates, test only ever measures.
A data set without a validation part lends its models every twelfth training sample for it. Columns
of a CSV other than the label are inputs, in their order; class names come from the label column.`;

/** `edgewise datasets`: list and import. */
export function addDatasets(program: Command, io: Io): void {
  const datasets = withHub(
    program
      .command('datasets')
      .description('list data sets, or import samples')
      .addHelpText('after', importHelp),
  );
  whenAlone(datasets, async (options) => {
    answer(io, options, await clientOf(options).call('listDatasets'), listing);
  });

  withHub(
    datasets
      .command('import <dataset> <data>')
      .description('add samples from IDX, CSV, .npy, .npz or a folder of images')
      .addHelpText('after', importHelp)
      .addOption(
        new Option('--part <part>', 'what the samples are for')
          .choices([...datasetParts])
          .default('train'),
      )
      .option('--labels <file>', 'file of labels, for IDX and .npy')
      .option('--label <column>', 'column that holds the label, for CSV')
      .option(
        '--classes <names>',
        'names of the classes in the order of their numbers, joined by commas; else those in the data',
      ),
  ).action(async (dataset: string, data: string, options: ImportOptions) => {
    const client = clientOf(options);
    const samples = await readSamples(path.resolve(io.cwd, data), {
      ...(options.labels !== undefined && { labels: path.resolve(io.cwd, options.labels) }),
      ...(options.label !== undefined && { labelColumn: options.label }),
    });
    const known = (await client.call('listDatasets')).find(({ id }) => id === dataset);
    const wanted = options.classes?.split(',') ?? known?.classes;
    const { npz, count, classes } = wanted ? alignClasses(samples, wanted) : samples;
    io.note(`Sending ${count} samples ...`);
    const done = await client.call('importSamples', {
      params: { dataset },
      query: { part: options.part, ...(classes && { classes: classes.join(',') }) },
      body: npz,
    });
    answer(
      io,
      options,
      done,
      ({ id, counts }) =>
        `${id}: ${counts.train} train, ${counts.validation} validation, ${counts.test} test, ${counts.field} from the field`,
    );
  });
}

function listing(datasets: readonly Dataset[]): string {
  if (datasets.length === 0)
    return 'No data sets yet. Import one with "edgewise datasets import NAME DATA"; --help has examples.';
  return table(
    ['data set', 'one sample', 'classes', 'train', 'validation', 'test', 'field'],
    datasets.map(({ id, dtype, dims, classes, counts }) => [
      id,
      `${dtype} [${dims.join(', ')}]`,
      classes.length,
      counts.train,
      counts.validation,
      counts.test,
      counts.field,
    ]),
  );
}
