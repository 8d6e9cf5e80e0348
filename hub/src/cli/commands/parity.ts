import { noNumber } from '@edgewise/protocol';
import {
  type ClosestParity,
  closestOf,
  closestParity,
  type DeviceParity,
  type ParityRow,
} from '@edgewise/protocol/http';
import type { Command } from 'commander';
import { answer, clientOf, type HubOptions, withHub } from '../context.ts';
import { ago, exitCodes, type Io, percent, table, wholeNumber } from '../io.ts';

/** `edgewise parity MODEL [VERSION]`: how the golden vectors of each variant came out on each device. */
export function addParity(program: Command, io: Io): void {
  withHub(
    program
      .command('parity <model> [version]')
      .description('show how the golden answers of each variant came out on each device')
      .addHelpText(
        'after',
        '\nBefore a version may serve, each device runs its golden vectors and compares the answers.\nEnds with 1 when a device refused the newest version shown.\n\nExamples:\n  edgewise parity digits       every version, device class by device class\n  edgewise parity digits 3     version 3, device by device',
      ),
  ).action(async (model: string, version: string | undefined, options: HubOptions) => {
    const query = version === undefined ? {} : { version: wholeNumber('VERSION', version) };
    const rows = await clientOf(options).call('parity', { params: { model }, query });
    answer(io, options, rows, version === undefined ? overview : details);
    const newest = rows.filter((row) => row.version === rows[0]?.version);
    if (newest.some(({ devices }) => count(devices, 'refused') > 0)) {
      io.setExitCode(exitCodes.failed);
    }
  });
}

function overview(rows: readonly ParityRow[]): string {
  if (rows.length === 0) return 'No versions yet.';
  return table(
    ['version', 'for', 'scheme', 'deviation', 'allowed', 'top-1', 'verdict', 'devices'],
    rows.map(({ version, deviceClass, scheme, golden, devices }) => [
      version,
      deviceClass,
      scheme ?? '-',
      ...deviationCells(worst(devices), golden?.tolerance),
      share(least(devices)),
      verdictOf(devices),
      devicesText(devices),
    ]),
  );
}

function details(rows: readonly ParityRow[]): string {
  return rows.map(rowDetails).join('\n\n');
}

function rowDetails(row: ParityRow): string {
  const { golden, devices } = row;
  const proof =
    golden === null
      ? 'its golden vectors are gone from the hub'
      : `${golden.vectors} golden vectors, deviation up to ${figure(golden.tolerance)}, top-1 agreement from ${percent(golden.topAgreement)}`;
  return [
    `${row.model} ${row.version} for ${row.deviceClass}${row.scheme === null ? '' : `: ${row.scheme}`}`,
    ...(row.reason === null ? [] : [`  ${row.reason}`]),
    `  ${proof}`,
    devices.length === 0 ? '  No device of this class.' : indented(devicesTable(devices)),
  ].join('\n');
}

function devicesTable(devices: readonly DeviceParity[]): string {
  const now = Date.now();
  return table(
    ['device', 'class', 'verdict', 'deviation', 'allowed', 'of', 'top-1', 'when', 'engine', ''],
    devices.map(({ device, deviceClass, outcome, parity, code, detail, atMs }) => [
      device,
      deviceClass,
      words[outcome],
      ...deviationCells(parity === null ? undefined : closestParity(parity)),
      parity?.output ?? '-',
      share(parity?.topAgreement),
      atMs === null ? '-' : ago(atMs, now),
      parity?.runtime ?? '-',
      code === undefined ? '' : `[${code}] ${detail ?? ''}`,
    ]),
  );
}

const words = {
  proved: 'proved',
  refused: 'refused',
  waiting: 'not yet',
} as const satisfies Record<DeviceParity['outcome'], string>;

function verdictOf(devices: readonly DeviceParity[]): string {
  if (devices.length === 0) return '-';
  if (count(devices, 'refused') > 0) return words.refused;
  return count(devices, 'proved') > 0 ? words.proved : words.waiting;
}

function devicesText(devices: readonly DeviceParity[]): string {
  const parts = (['proved', 'refused', 'waiting'] as const).flatMap((outcome) => {
    const number = count(devices, outcome);
    return number === 0 ? [] : [`${number} ${words[outcome]}`];
  });
  return parts.join(', ') || 'none';
}

const count = (devices: readonly DeviceParity[], outcome: DeviceParity['outcome']): number =>
  devices.filter((device) => device.outcome === outcome).length;

const worst = (devices: readonly DeviceParity[]): ClosestParity | undefined =>
  closestOf(devices.flatMap(({ parity }) => parity ?? []));

/** A deviation and what is allowed; means are told as such. */
function deviationCells(
  closest: ClosestParity | undefined,
  tolerance?: number,
): readonly [string, string] {
  const unit = closest?.measure === 'rms' ? ' rms' : '';
  return [`${figure(closest?.deviation)}${unit}`, figure(closest?.allowed ?? tolerance)];
}

function least(devices: readonly DeviceParity[]): number | undefined {
  const found = devices.flatMap(({ parity }) => parity?.topAgreement ?? []);
  return found.length === 0 ? undefined : Math.min(...found);
}

function figure(value: number | undefined): string {
  if (value === undefined) return '-';
  if (value === noNumber) return 'no number';
  return value === 0 ? '0' : value.toPrecision(3);
}
const share = (value: number | undefined): string => percent(value ?? null);
const indented = (text: string): string => text.replace(/^/gm, '  ');
