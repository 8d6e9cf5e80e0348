import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Client, createClient } from '@edgewise/hub/client';
import type { Device } from '@edgewise/protocol/http';
import { type Command, type Program, programs, startProgram } from '../demo/processes.ts';
import { enrolAgent, type HubAddress, type RunningHub } from '../demo/stack.ts';
import { freePort } from './free-port.ts';
import { until } from './until.ts';

/** A hub and its agents, each a process of its own, in folders of their own. */
export interface Stage extends AsyncDisposable {
  readonly folder: string;
  /** The hub that runs now. */
  readonly hub: RunningHub;
  readonly client: Client;
  readonly brokerPort: number;
  /** Ends the hub like a power cut and starts it again with the same folder and ports. */
  crashHub(): Promise<void>;
  enrol(device: string, options?: EnrolOptions): Promise<StagedAgent>;
}

interface EnrolOptions {
  /** Replaces the address of the broker that the device was told. */
  readonly broker?: string;
  /** What runs the device's Node.js; default this machine. */
  readonly node?: Command;
}

/** An enrolled device whose agent can be started, killed and started again. */
export interface StagedAgent {
  readonly device: string;
  readonly folder: string;
  /** The agent that runs now. Throws when none does. */
  readonly program: Program;
  /** Where it takes inputs; the same after every start. */
  readonly url: string;
  start(options?: { readonly env?: Readonly<Record<string, string>> }): Promise<void>;
  /** Ends it like a power cut. */
  crash(): Promise<void>;
  predict(items: readonly (readonly number[])[]): Promise<readonly Answer[]>;
}

/** One answer over HTTP. */
export interface Answer {
  readonly class: number;
  readonly confidence: number;
  readonly version: number;
}

interface StageOptions {
  /** Further arguments of `edgewise hub`. */
  readonly hubArguments?: readonly string[];
}

/** Starts a hub in a temporary folder on ports that stay the same. */
export async function openStage({ hubArguments = [] }: StageOptions = {}): Promise<Stage> {
  await using cleanup = new AsyncDisposableStack();
  const folder = await mkdtemp(path.join(tmpdir(), 'edgewise-e2e-'));
  cleanup.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const brokerPort = await freePort();
  const flags = [
    ...['--folder', path.join(folder, 'hub'), '--port', String(await freePort())],
    ...['--broker-port', String(brokerPort), ...hubArguments],
  ];
  const start = (token?: string) => startHubWith(flags, token);
  let hub = await start();
  cleanup.defer(() => hub.program[Symbol.asyncDispose]());
  const keep = cleanup.move();
  return {
    folder,
    brokerPort,
    get hub() {
      return hub;
    },
    get client() {
      return hub.client;
    },
    async crashHub() {
      hub.program.kill('SIGKILL');
      await hub.program.ended;
      hub = await start(hub.token);
    },
    async enrol(device, { broker, ...on } = {}) {
      const home = path.join(folder, device);
      await enrolAgent(hub.client, device, { folder: home, ...on });
      if (broker !== undefined) await tellBroker(home, broker);
      return stageAgent({ device, folder: home, port: await freePort(), keep, ...on });
    },
    [Symbol.asyncDispose]: () => keep.disposeAsync(),
  };
}

/** `token` is that of the first start. */
async function startHubWith(flags: readonly string[], token?: string): Promise<RunningHub> {
  const program = startProgram(programs.hub, ['hub', ...flags, '--json']);
  const line = await program.line((text) => text.startsWith('{'));
  const address = JSON.parse(line) as HubAddress;
  const secret = address.token ?? token ?? '';
  return { program, address, token: secret, client: createClient(address.url, secret) };
}

async function tellBroker(folder: string, broker: string): Promise<void> {
  const file = path.join(folder, 'identity.json');
  const identity = JSON.parse(await readFile(file, 'utf8')) as { enrolment: object };
  await writeFile(
    file,
    JSON.stringify({ ...identity, enrolment: { ...identity.enrolment, broker } }),
  );
}

interface AgentFacts {
  readonly device: string;
  readonly folder: string;
  readonly port: number;
  readonly keep: AsyncDisposableStack;
  readonly node?: Command;
}

function stageAgent({ device, folder, port, keep, ...on }: AgentFacts): StagedAgent {
  let program: Program | undefined;
  const url = `http://127.0.0.1:${port}`;
  const running = () => {
    if (program === undefined) throw new Error(`${device} was not started.`);
    return program;
  };
  return {
    device,
    folder,
    url,
    get program() {
      return running();
    },
    async start({ env = {} } = {}) {
      program = startProgram(
        programs.agent,
        ['run', '--folder', folder, '--source', `http:${port}`, '--json'],
        { env, ...on },
      );
      keep.use(program);
      await program.line((line) => line.startsWith('{'));
    },
    async crash() {
      running().kill('SIGKILL');
      await running().ended;
    },
    async predict(items) {
      const response = await fetch(`${url}/v1/predict`, {
        method: 'POST',
        body: JSON.stringify({ items }),
        headers: { 'content-type': 'application/json' },
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`${device} answered ${response.status}: ${text}`);
      return (JSON.parse(text) as { predictions: readonly Answer[] }).predictions;
    },
  };
}

interface DeviceSought {
  readonly fits: (device: Device) => boolean;
  readonly what: string;
  /** Default 30 s. */
  readonly timeoutMs?: number | undefined;
}

/** Waits until the hub knows a device in a certain way; a failure shows how it knew it last. */
export async function untilDevice(
  stage: Pick<Stage, 'client'>,
  device: string,
  { fits, what, timeoutMs }: DeviceSought,
): Promise<Device> {
  let last: Device | undefined;
  const look = async () => {
    last = await stage.client.call('getDevice', { params: { device } }).catch(() => undefined);
    return last !== undefined && fits(last) && last;
  };
  try {
    return await until(look, { what: `${device} ${what}`, timeoutMs });
  } catch (cause) {
    throw new Error(`${device} did not come ${what}: ${JSON.stringify(last)}`, { cause });
  }
}
