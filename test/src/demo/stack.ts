import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { type Client, createClient } from '@edgewise/hub/client';
import { type Command, type Program, programs, startProgram } from './processes.ts';

/** What `edgewise hub --json` prints when it is ready. */
export interface HubAddress {
  readonly url: string;
  readonly broker: string;
  /** Only at the first start. */
  readonly token?: string;
  readonly signIn: string;
}

/** A hub in a process of its own. */
export interface RunningHub {
  readonly program: Program;
  readonly address: HubAddress;
  readonly client: Client;
  readonly token: string;
}

interface HubStart {
  readonly folder: string;
  readonly port?: number;
  readonly brokerPort?: number;
  readonly consoleFolder?: string;
  /** Token of an earlier start in the same folder. */
  readonly token?: string;
}

/** Starts a hub and waits until it answers. */
export async function startHub({
  folder,
  port = 0,
  brokerPort = 0,
  consoleFolder,
  token,
}: HubStart): Promise<RunningHub> {
  const pages = consoleFolder === undefined ? [] : ['--console', consoleFolder];
  await mkdir(folder, { recursive: true });
  const ports = ['--port', String(port), '--broker-port', String(brokerPort)];
  const args = ['hub', '--folder', folder, ...ports, ...pages, '--json'];
  const program = startProgram(programs.hub, args, { logFile: path.join(folder, 'hub.log') });
  const address = JSON.parse(await program.line((line) => line.startsWith('{'))) as HubAddress;
  const secret = address.token ?? token;
  if (secret === undefined)
    throw new Error('The hub has run in this folder before: give its token.');
  return { program, address, token: secret, client: createClient(address.url, secret) };
}

/** An agent in a process of its own. */
export interface RunningAgent {
  readonly device: string;
  readonly folder: string;
  readonly program: Program;
  /** Where it takes frames. */
  readonly url: string;
}

interface EnrolOptions {
  readonly folder: string;
  /** What runs the device's Node.js; default this machine. */
  readonly node?: Command;
}

/** Enrols a new device. */
export async function enrolAgent(
  client: Client,
  device: string,
  { folder, ...on }: EnrolOptions,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const { token } = await client.call('createEnrolment');
  const args = ['enrol', token, '--folder', folder, '--name', device];
  const program = startProgram(programs.agent, args, on);
  const code = await program.ended;
  if (code !== 0) throw new Error(`${device} could not enrol:\n${program.log.join('\n')}`);
}

/** Starts the agent of an enrolled device with an HTTP source on a free port. */
export async function startAgent(device: string, folder: string): Promise<RunningAgent> {
  const args = ['run', '--folder', folder, '--source', 'http:0', '--json'];
  const program = startProgram(programs.agent, args, { logFile: path.join(folder, 'agent.log') });
  const line = await program.line((text) => text.startsWith('{'));
  const { urls } = JSON.parse(line) as { urls: readonly string[] };
  return { device, folder, program, url: urls[0] ?? '' };
}

/** A folder of the device beside those of others. */
export const deviceFolder = (root: string, device: string): string => path.join(root, device);
