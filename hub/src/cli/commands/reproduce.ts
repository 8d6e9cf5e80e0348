import type { Reproduction, Run } from '@edgewise/protocol/http';
import type { Command } from 'commander';
import { answer, clientOf, type HubOptions, withHub } from '../context.ts';
import { followToEnd } from '../follow-run.ts';
import { exitCodes, type Io } from '../io.ts';

/** `edgewise reproduce RUN`: repeats a finished run and compares the bytes of what it makes. */
export function addReproduce(program: Command, io: Io): void {
  withHub(
    program
      .command('reproduce <run>')
      .description('repeat a finished run and compare bytes: graphs, profiles, golden vectors')
      .addHelpText(
        'after',
        '\nThe recorded job is done once more from nothing: recipe, data snapshot, seed, threads, trainer. No version\ncomes of it. Ends with 1 where an artifact differs. Later changes of the data set do not matter: the run has its\nsnapshot. "edgewise runs" lists runs; one that is done can be repeated.\n\nExamples:\n  edgewise reproduce run-f5c74bb888\n  edgewise reproduce run-f5c74bb888 --json    the digest of every artifact, then and now',
      ),
  ).action(async (run: string, options: HubOptions) => {
    const client = clientOf(options);
    const started = await client.call('reproduceRun', { params: { run } });
    answerReproduction(io, options, await followToEnd(client, io, started));
  });
}

/** Prints how a repetition compares; other bytes end the command with `failed`. */
export function answerReproduction(io: Io, options: { readonly json?: boolean }, run: Run): void {
  answer(io, options, run, textOf);
  if (run.reproduction?.equal !== true) io.setExitCode(exitCodes.failed);
}

function textOf({ reproduces, reproduction }: Run): string {
  if (reproduction === undefined) return `${reproduces} was not compared.`;
  const { equal, artifacts, notCompared } = reproduction;
  const differing = artifacts.filter((artifact) => !artifact.equal);
  return [
    equal
      ? `Equal: all ${artifacts.length} artifacts of ${reproduces} have the same bytes again.`
      : `Different: ${differing.length} of ${artifacts.length} artifacts of ${reproduces} have other bytes; the first is "${reproduction.first}".`,
    ...differing.map(
      ({ name, recorded, repeated }) =>
        `  ${name}: recorded ${short(recorded)}, now ${short(repeated)}`,
    ),
    ...buildLines(reproduction),
    ...notCompared.map(({ name, reason }) => `Not compared: ${name}. ${reason}`),
  ].join('\n');
}

/** Another engine or processor explains other bytes; so does another Edgewise, of which runs tell nothing. */
function buildLines({ equal, builds }: Reproduction): string[] {
  const { recorded, repeated } = builds;
  if (equal) return [];
  const line =
    recorded === repeated
      ? `Both were made by ${repeated ?? 'an engine that was not recorded'}: where Edgewise itself has been renewed since, that may be why.`
      : `Recorded with ${recorded ?? 'an engine that was not recorded'}, repeated with ${repeated ?? 'one that was not recorded'}: bytes are promised within one only.`;
  return [line];
}

const short = (digest: string | null): string => digest?.slice(0, 12) ?? 'nothing';
