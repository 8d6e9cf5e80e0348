import { isCancel, text } from '@clack/prompts';
import { FleetError } from '@edgewise/protocol';
import type { FieldSample } from '@edgewise/protocol/http';
import type { Command } from 'commander';
import type { Client } from '../../client/client.ts';
import { answer, clientOf, type HubOptions, withHub } from '../context.ts';
import { type Io, percent, table, wholeNumber } from '../io.ts';

/** `edgewise label`: the queue of samples, on a terminal one after the other. */
export function addLabel(program: Command, io: Io): void {
  withHub(
    program
      .command('label [sample] [class]')
      .description('label samples from the field; without arguments one after the other')
      .option('--list', 'only list what waits')
      .addHelpText(
        'after',
        '\nExamples:\n  edgewise label                     show each sample, type its class (s skips, q ends)\n  edgewise label --list --json       what waits, for scripts\n  edgewise label 3f9a... 7           label one sample with class number 7\n\nThe console has the same queue with pictures.',
      ),
  ).action(
    async (
      sample: string | undefined,
      label: string | undefined,
      options: HubOptions & { readonly list?: boolean },
    ) => {
      const client = clientOf(options);
      if (sample !== undefined) {
        if (label === undefined)
          throw new FleetError(
            'invalid-argument',
            'Give the number of the class after the sample.',
          );
        const done = await client.call('labelSample', {
          params: { sample },
          body: { label: wholeNumber('CLASS', label) },
        });
        answer(io, options, done, ({ label: given }) => `${sample} is a ${given}.`);
      } else if (options.list || options.json || !io.interactive) {
        answer(io, options, await client.call('labelQueue', { query: { limit: 1000 } }), listing);
      } else {
        await labelOnTerminal(client, io);
      }
    },
  );
}

function listing(samples: readonly FieldSample[]): string {
  if (samples.length === 0) return 'Nothing waits for a label.';
  return table(
    ['sample', 'device', 'guess', 'confidence', 'chosen'],
    samples.map(({ sample, device, predicted, confidence, reason }) => [
      sample,
      device,
      predicted,
      percent(confidence),
      reason,
    ]),
  );
}

async function labelOnTerminal(client: Client, io: Io): Promise<void> {
  let done = 0;
  while (!io.signal.aborted) {
    const [sample] = await client.call('labelQueue', { query: { limit: 1 } });
    if (!sample) break;
    io.note(
      picture(
        await client.call('sampleContent', { params: { sample: sample.sample } }),
        sample.dims,
      ),
    );
    const typed = await text({
      message: `Class? (the model says ${sample.predicted}; s skips, q ends)`,
      validate: checkTyped,
    });
    if (isCancel(typed) || typed === 'q') break;
    await client.call('labelSample', {
      params: { sample: sample.sample },
      body: { label: typed === 's' ? null : Number(typed) },
    });
    done++;
  }
  io.print(`${done} samples done.`);
}

function checkTyped(typed: string | undefined): string | undefined {
  return /^(\d+|s|q)$/.test(typed ?? '') ? undefined : 'A class number, s or q.';
}

const shades = ' .:-=+*#%@';

/** A grey picture in characters; other shapes are only described. */
function picture(bytes: Uint8Array, dims: readonly number[]): string {
  const [height = 1, width = 1] = dims.filter((size) => size > 1);
  if (height * width !== bytes.length || width > 120)
    return `A sample of ${bytes.length} bytes, [${dims.join(', ')}].`;
  const rows: string[] = [];
  for (let row = 0; row < height; row++) {
    const cells = Array.from(bytes.subarray(row * width, (row + 1) * width), (value) =>
      (shades[Math.floor((value / 256) * shades.length)] ?? ' ').repeat(2),
    );
    rows.push(cells.join(''));
  }
  return rows.join('\n');
}
