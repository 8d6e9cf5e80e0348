import { parseArgs } from 'node:util';
import { createSay } from '../demo/say.ts';
import type { BenchEntry } from './bench.ts';
import { benches } from './benches.ts';
import { tableOf } from './print.ts';
import type { BenchResult } from './result.ts';
import { createStages } from './stage.ts';

const help = `npm run bench [-- OPTIONS]   measures what is promised, and says what holds

  --json          one JSON document on standard output: {"results":[{"name","value",...,"holds"}]}
  --only NAME     only this bench; may be given more than once
  --seed N        default 1

${benches.map(({ name, summary, onlyWhenNamed }) => `  ${name.padEnd(14)}${summary}${onlyWhenNamed === true ? ' (only when named)' : ''}`).join('\n')}

The exit code is 0 when every bound holds.`;

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: [] },
    seed: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
});
const unknown = values.only.find((name) => !benches.some((bench) => bench.name === name));
const seed = Number(values.seed);

if (values.help) {
  console.log(help);
} else if (unknown !== undefined || !Number.isSafeInteger(seed)) {
  console.error(unknown === undefined ? help : `There is no bench "${unknown}".\n\n${help}`);
  process.exitCode = 2;
} else {
  process.exitCode = await measure(
    benches.filter(({ name, onlyWhenNamed }) =>
      values.only.length > 0 ? values.only.includes(name) : onlyWhenNamed !== true,
    ),
  );
}

async function measure(chosen: readonly BenchEntry[]): Promise<number> {
  const say = createSay(process.stderr);
  await using stages = createStages({ seed, say });
  const results: BenchResult[] = [];
  for (const { name, summary, load } of chosen) {
    say.stage(`${name}: ${summary}`);
    const run = await load();
    const measured = await run({ seed, say, stage: stages.digits });
    results.push(...measured.map((result) => ({ ...result, name: `${name}: ${result.name}` })));
    if (!values.json) console.log(tableOf(results.slice(-measured.length)));
  }
  if (values.json) console.log(JSON.stringify({ results }));
  return results.every(({ holds }) => holds) ? 0 : 1;
}
