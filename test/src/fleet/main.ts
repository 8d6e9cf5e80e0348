import { parseArgs } from 'node:util';
import { createSay } from '../demo/say.ts';
import { simulateFleet } from './simulate.ts';

const help = `npm run sim [-- OPTIONS]   a real hub under a fleet of simulated agents

  --agents N        real agent cores with a simulated engine and disk, over real TCP (default 500)
  --processes N     processes they are spread over (default 2)
  --bundle-bytes N  size of the graph that is pushed (default 250000)
  --stuck N         clients that stop reading during the second push (default 10)
  --json            one JSON document on standard output`;

const { values } = parseArgs({
  options: {
    agents: { type: 'string', default: '500' },
    processes: { type: 'string', default: '2' },
    'bundle-bytes': { type: 'string', default: '250000' },
    stuck: { type: 'string', default: '10' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const sizes = {
  agents: Number(values.agents),
  processes: Number(values.processes),
  bundleBytes: Number(values['bundle-bytes']),
  stuck: Number(values.stuck),
};

if (values.help) {
  console.log(help);
} else if (Object.values(sizes).some((size) => !Number.isSafeInteger(size) || size < 0)) {
  console.error(help);
  process.exitCode = 2;
} else {
  const say = createSay(process.stderr);
  say.stage(`${sizes.agents} simulated agents in ${sizes.processes} processes`);
  const figures = await simulateFleet({ ...sizes, say });
  console.log(JSON.stringify(figures, null, values.json ? 0 : 2));
}
