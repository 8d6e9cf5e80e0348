import type { Command } from 'commander';
import { preprocessings } from './preprocessing.ts';

/** Adds the options that say how DATA are read. */
export function addDataOptions(command: Command): Command {
  return command
    .showHelpAfterError(
      '--help shows how. Models stand before options that take several values, as --freeze and --shape.',
    )
    .option('--label <column>', 'column of a CSV that holds the class and is no input')
    .option('--labels <file>', 'file of class numbers, for IDX and .npy')
    .option(
      '--preprocess <how>',
      `how pixels become numbers: ${Object.keys(preprocessings).join(', ')}, or a JSON file`,
    )
    .option('--freeze <inputs...>', 'inputs that are always the same, and no data: sr=16000')
    .option('--shape <sizes...>', 'sizes that inputs have: x=1,3,224,224; ? leaves one open')
    .option('--limit <samples>', 'use at most so many samples, evenly spread', '256');
}
