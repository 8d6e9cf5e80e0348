import path from 'node:path';
import { startProgram } from '../demo/processes.ts';
import type { LoopReport } from '../demo/report.ts';
import type { RunBench } from './bench.ts';
import { atLeast, atMost, type BenchResult } from './result.ts';

const seeds = [1, 2, 3];
const mebibyte = 1 << 20;

/** Runs `npm start -- --once` with three seeds, one after the other. */
export const benchLoop: RunBench = async ({ say }) => {
  const results: BenchResult[] = [];
  for (const seed of seeds) {
    const file = path.join(import.meta.dirname, '../demo/main.ts');
    await using program = startProgram(file, ['--once', '--seed', String(seed)]);
    const code = await program.ended;
    say.fact(`seed ${seed}: exit code ${code}`);
    const report = JSON.parse(program.lines.at(-1) ?? '{}') as LoopReport;
    results.push(
      atMost(`seed ${seed}, exit code`, { value: code, unit: '', bound: 0 }),
      ...figures(seed, report),
    );
  }
  return results;
};

function figures(seed: number, report: LoopReport): readonly BenchResult[] {
  const most = (name: string, value: number, unit: string, bound: number) =>
    atMost(`seed ${seed}, ${name}`, { value, unit, bound });
  return [
    most('whole loop', report.seconds, 's', 300),
    most('first version served', report.secondsToFirstServed, 's', 90),
    most('peak memory of all processes', report.peakRssBytes / mebibyte, 'MiB', 1536),
    most('false alarms', report.falseAlarms, 'alarms', 0),
    most('windows to the alarm', report.windowsToAlarm, 'windows', 10),
    most('labels', report.labelsUsed, 'labels', 1000),
    most('answers of broken bundles', report.brokenBundleServed, 'answers', 0),
    most('unexplained losses', report.unexplainedLosses, 'messages', 0),
    atLeast(`seed ${seed}, clean windows`, {
      value: report.cleanWindows,
      unit: 'windows',
      bound: 60,
    }),
  ];
}
