import { isCancel, text } from '@clack/prompts';
import { FleetError } from '@edgewise/protocol';
import type { FieldSample } from '@edgewise/protocol/http';
import type { Command } from 'commander';
import type { Client } from '../../client/client.ts';
import { classList, classNumber } from '../class-number.ts';
import { answer, clientOf, type HubOptions, withHub } from '../context.ts';
import { type Io, percent, table } from '../io.ts';
import { showSample } from '../show-sample.ts';

/** `edgewise label`: the queue of samples, on a terminal one after the other. */
export function addLabel(program: Command, io: Io): void {
  withHub(
    program
      .command('label [sample] [class]')
      .description('label samples from the field; without arguments one after the other')
      .option('--list', 'only list what waits')
      .addHelpText(
        'after',
        '\nExamples:\n  edgewise label                     show each sample, type its class (s skips, q ends)\n  edgewise label --list --json       what waits, for scripts\n  edgewise label 3f9a... worn        label one sample, by the name or number of its class\n\nThe console has the same queue with pictures.',
      ),
  ).action(
    async (
      sample: string | undefined,
      label: string | undefined,
      options: HubOptions & { readonly list?: boolean },
    ) => {
      const client = clientOf(options);
      if (sample !== undefined) {
        if (label === undefined) {
          throw new FleetError('invalid-argument', 'Give the class after the sample.');
        }
        const { model } = await client.call('getSample', { params: { sample } });
        const classes = (await classesByModel(client)).get(model) ?? [];
        const done = await client.call('labelSample', {
          params: { sample },
          body: { label: classNumber(label, classes) },
        });
        answer(io, options, done, ({ label: given }) => `${sample} is ${nameOf(classes, given)}.`);
      } else if (options.list || options.json || !io.interactive) {
        const samples = await client.call('labelQueue', { query: { limit: 1000 } });
        const classes = await classesByModel(client);
        answer(io, options, samples, (all) => listing(all, classes));
      } else {
        await labelOnTerminal(client, io);
      }
    },
  );
}

type ClassesByModel = ReadonlyMap<string, readonly string[]>;

async function classesByModel(client: Client): Promise<ClassesByModel> {
  return new Map((await client.call('listModels')).map(({ id, classes }) => [id, classes]));
}

const nameOf = (classes: readonly string[] | undefined, number: number | null): string =>
  number === null ? 'skipped' : (classes?.[number] ?? String(number));

function listing(samples: readonly FieldSample[], classes: ClassesByModel): string {
  if (samples.length === 0) return 'Nothing waits for a label.';
  return table(
    ['sample', 'device', 'guess', 'confidence', 'chosen'],
    samples.map(({ sample, device, model, predicted, confidence, reason }) => [
      sample,
      device,
      nameOf(classes.get(model), predicted),
      percent(confidence),
      reason,
    ]),
  );
}

async function labelOnTerminal(client: Client, io: Io): Promise<void> {
  const classesOf = await classesByModel(client);
  let done = 0;
  while (!io.signal.aborted) {
    const [sample] = await client.call('labelQueue', { query: { limit: 1 } });
    if (!sample) break;
    const bytes = await client.call('sampleContent', { params: { sample: sample.sample } });
    io.note(showSample(bytes, sample));
    const classes = classesOf.get(sample.model) ?? [];
    const guess = nameOf(classes, sample.predicted);
    const typed = await text({
      message: `${classList(classes)}? (the model says ${guess}; s skips, q ends)`,
      validate: (value) => fault(value ?? '', classes),
    });
    if (isCancel(typed) || typed === 'q') break;
    await client.call('labelSample', {
      params: { sample: sample.sample },
      body: { label: typed === 's' ? null : classNumber(typed, classes) },
    });
    done++;
  }
  io.print(done === 0 ? 'Nothing was labelled.' : `${done} samples done.`);
}

/** What is wrong with what was typed, if anything is. */
function fault(typed: string, classes: readonly string[]): string | undefined {
  if (typed === 's' || typed === 'q') return undefined;
  try {
    classNumber(typed, classes);
    return undefined;
  } catch (thrown) {
    return FleetError.from(thrown).reason;
  }
}
